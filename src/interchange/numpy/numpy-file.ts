/** Arrays of `.npz` and `.npy` files. */
import { basename } from 'node:path';
import type { ByteSource } from '../../core/byte-source.js';
import { InterchangeError } from '../../core/errors.js';
import { readZip } from '../sources/zip.js';
import { byName, type TensorFile } from '../state-dict/tensor-file.js';
import { npyTensor } from './npy-tensor.js';

/** Whether a file begins as an array of NumPy. */
export function isNpy(begin: Uint8Array): boolean {
  return begin[0] === 0x93 && Buffer.from(begin.subarray(1, 6)).toString('latin1') === 'NUMPY';
}

/**
 * The arrays of an archive by their names, or the one array of a file, which has the name of the file.
 *
 * @throws {DataError} `file_truncated`, `file_corrupt`, `file_unsupported`
 * @throws {InterchangeError} `missing_tensor` for an archive without arrays
 */
export function numpyFile(source: ByteSource): TensorFile {
  const begin = source.read(0, Math.min(6, source.size));
  if (isNpy(begin)) {
    const name = basename(source.name).replace(/\.npy$/, '');
    return { tensors: byName([npyTensor(source, name)]), facts: new Map(), notes: [] };
  }
  const entries = [...readZip(source).values()];
  const arrays = entries.filter(({ name }) => name.endsWith('.npy'));
  if (arrays.length === 0) {
    throw new InterchangeError('missing_tensor', `'${source.name}' has no arrays (.npy) in it`, {
      source: source.name,
    });
  }
  const others = entries.filter(({ name }) => !name.endsWith('.npy')).map(({ name }) => name);
  return {
    tensors: byName(arrays.map((entry) => npyTensor(entry.open(), entry.name.slice(0, -'.npy'.length)))),
    facts: new Map([['form', arrays.every(({ isStored }) => isStored) ? 'stored' : 'packed']]),
    notes: others.length === 0 ? [] : [`Beside its arrays the archive has ${others.join(', ')}: left out.`],
  };
}
