/** Configurations of models as JSON. */
import type { ByteSource } from '../../core/byte-source.js';
import { DataError } from '../../core/errors.js';
import { type JsonValue, parseStrictJson } from '../../core/json.js';

/** Longest configuration, in bytes. */
const MOST_BYTES = 2 ** 26;

/** A value of a JSON text. @param name for messages @throws {DataError} `file_corrupt` */
export function parseJson(name: string, text: string): JsonValue {
  try {
    return parseStrictJson(text);
  } catch (cause) {
    const message = `'${name}' is corrupt: it is no JSON: ${(cause as Error).message.slice(0, 300)}`;
    throw new DataError('file_corrupt', message, { source: name }, cause);
  }
}

/** The value of a JSON file. @throws {DataError} `file_corrupt`, `file_unsupported` for one that is too long */
export function readJson(source: ByteSource): JsonValue {
  if (source.size <= MOST_BYTES)
    return parseJson(source.name, Buffer.from(source.read(0, source.size)).toString('utf8'));
  const message = `'${source.name}' has ${source.size} bytes, at most ${MOST_BYTES} are read as JSON`;
  throw new DataError('file_unsupported', message, { source: source.name, size: source.size });
}
