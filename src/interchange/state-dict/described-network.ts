/** The network that this library writes beside the tensors that it exports. */
import { BpttError, DataError } from '../../core/errors.js';
import { type JsonValue, parseStrictJson } from '../../core/json.js';
import { type Network, networkFromJSON } from '../../model/network.js';

/** Key of the metadata of a safetensors file under which it stands, as JSON. */
export const NETWORK_KEY = 'bptt.network';

/** @throws {DataError} `file_corrupt` for what is no network */
function readNetwork(source: string, what: string, read: () => Network): Network {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof BpttError || cause instanceof SyntaxError)) throw cause;
    const message = `'${source}' is corrupt: ${what} describes no network: ${cause.message}`;
    throw new DataError('file_corrupt', message, { source, what }, cause);
  }
}

/**
 * The network of a file's metadata; undefined where there is none.
 *
 * @throws {DataError} `file_corrupt`
 */
export function describedNetwork(source: string, metadata: ReadonlyMap<string, string>): Network | undefined {
  const text = metadata.get(NETWORK_KEY);
  if (text === undefined) return undefined;
  return readNetwork(source, `its metadata '${NETWORK_KEY}'`, () => networkFromJSON(parseStrictJson(text)));
}

/** The network of a `config.json`. @throws {DataError} `file_corrupt` */
export function configuredNetwork(folder: string, network: JsonValue): Network {
  return readNetwork(folder, "'network' of its config.json", () => networkFromJSON(network));
}
