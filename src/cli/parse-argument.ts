import { InvalidArgumentError } from 'commander';
import { isJsonObject, type JsonObject, type JsonValue, parseStrictJson } from '../core/json.js';

/** A number on the command line. The code that uses it checks its range. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It is not a number.');
  return value;
}

/** A fraction, or the name of a file. */
export function parseFractionOrFile(text: string): number | string {
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) ? value : text;
}

/** The text of a JSON object. */
export function parseJsonObject(text: string): JsonObject {
  let value: JsonValue;
  try {
    value = parseStrictJson(text);
  } catch (cause) {
    throw new InvalidArgumentError(`It is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (!isJsonObject(value)) throw new InvalidArgumentError('It is not a JSON object.');
  return value;
}
