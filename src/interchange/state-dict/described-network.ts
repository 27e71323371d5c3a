/** The network that this library writes beside the tensors that it exports. */
import { BpttError, DataError } from '../../core/errors.js';
import { parseStrictJson } from '../../core/json.js';
import { type Network, networkFromJSON } from '../../model/network.js';

/** Key of the metadata of a safetensors file under which it stands, as JSON. */
export const NETWORK_KEY = 'bptt.network';

/**
 * The network of a file's metadata.
 *
 * @returns undefined where there is none
 * @throws {DataError} `file_corrupt` for what is no network
 */
export function describedNetwork(source: string, metadata: ReadonlyMap<string, string>): Network | undefined {
  const text = metadata.get(NETWORK_KEY);
  if (text === undefined) return undefined;
  try {
    return networkFromJSON(parseStrictJson(text));
  } catch (cause) {
    if (!(cause instanceof BpttError || cause instanceof SyntaxError)) throw cause;
    const message = `'${source}' is corrupt: its metadata '${NETWORK_KEY}' describes no network: ${cause.message}`;
    throw new DataError('file_corrupt', message, { source, key: NETWORK_KEY }, cause);
  }
}
