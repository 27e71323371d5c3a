/** Files of torch.save: `.pt`, `.pth`, `.bin`, `.ckpt`. */
import { KIND_BYTES } from '../../core/file-kind.js';
import { firstEntryName, isZip } from '../sources/zip.js';
import { openTensorFile } from '../state-dict/tensor-file.js';
import { tensorFormat } from '../state-dict/tensor-format.js';
import { allTensorsOf, stateDictOf } from './state-dicts.js';
import { isOldTorch, openTorchArchive } from './torch-archive.js';

/** The format of torch.save. Nothing in a file is executed. */
export const pytorch = tensorFormat({
  name: 'pytorch',
  description: 'a PyTorch file (.pt, .pth)',
  options: ['network', 'map', 'stateDict'],
  recognizes: (path, begin) =>
    isOldTorch(begin) ||
    (isZip(begin) && (/\.(pt|pth|bin|ckpt|pkl)$/i.test(path) || /(^|\/)data\.pkl$/.test(firstEntryName(begin)))),
  open: (path, { stateDict }, isInspected) =>
    openTensorFile(path, (source) => {
      const archive = openTorchArchive(source, source.read(0, Math.min(KIND_BYTES, source.size)));
      return isInspected ? allTensorsOf(path, archive) : stateDictOf(path, archive, stateDict);
    }),
});
