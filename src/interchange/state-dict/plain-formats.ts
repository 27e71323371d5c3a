/** Files of tensors that say nothing more: safetensors, NumPy, JSON. */
import { jsonFile } from '../json/json-file.js';
import { isNpy, numpyFile } from '../numpy/numpy-file.js';
import { firstEntryName, isZip } from '../sources/zip.js';
import { safetensorsFile } from './safetensors-file.js';
import { openTensorFile } from './tensor-file.js';
import { tensorFormat } from './tensor-format.js';

/** Whether a file begins with the length of a header, and with its brace behind that. */
const isSafetensors = (begin: Uint8Array) =>
  begin[8] === 0x7b && begin[5] === 0 && begin[6] === 0 && begin[7] === 0 && begin.byteLength > 8;

/** Safetensors: of Hugging Face, of PyTorch, and what `exportModel` writes. */
export const safetensors = tensorFormat({
  name: 'safetensors',
  description: 'a safetensors file',
  recognizes: (path, begin) => path.endsWith('.safetensors') || isSafetensors(begin),
  open: (path) => openTensorFile(path, safetensorsFile),
});

/** Arrays of NumPy: `.npz` and `.npy`. */
export const numpy = tensorFormat({
  name: 'numpy',
  description: 'a NumPy file (.npz, .npy)',
  recognizes: (path, begin) =>
    isNpy(begin) || (isZip(begin) && (path.endsWith('.npz') || firstEntryName(begin).endsWith('.npy'))),
  open: (path) => openTensorFile(path, numpyFile),
});

/** A state dict as JSON. */
export const json = tensorFormat({
  name: 'json',
  description: 'a JSON file of tensors by name',
  recognizes: (path, begin) => path.endsWith('.json') && /^\s*\{/.test(Buffer.from(begin).toString('latin1')),
  open: (path) => openTensorFile(path, jsonFile),
});
