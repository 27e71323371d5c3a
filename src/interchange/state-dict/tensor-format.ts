/** Formats whose files hold named tensors. */

import { InterchangeError } from '../../core/errors.js';
import { describeImported } from '../shared/import-notes.js';
import type { Format, ImportOptions, Inspection } from '../shared/imported-network.js';
import { keptOpen } from '../shared/kept-open.js';
import { importTensors } from './import-tensors.js';
import type { OpenTensorFile } from './tensor-file.js';

/** What is particular to a format. */
export interface TensorFormat
  extends Pick<Format, 'name' | 'description' | 'recognizes'>,
    Partial<Pick<Format, 'options'>> {
  /** Opens a file. @param isInspected whether all tensors are wanted, where the file has several sets */
  open(path: string, options: ImportOptions, isInspected: boolean): OpenTensorFile;
}

/** The network of a file that is inspected, or why there is none. */
function networkPart(path: string, file: OpenTensorFile): Pick<Inspection, 'network' | 'notes' | 'obstacle'> {
  try {
    return describeImported(importTensors(path, file, {}));
  } catch (error) {
    if (error instanceof InterchangeError) return { obstacle: error.message };
    throw error;
  }
}

/** A format of the table of formats. */
export function tensorFormat({ open, ...format }: TensorFormat): Format {
  return {
    options: ['network', 'map'],
    ...format,
    async import(path, options) {
      return keptOpen(open(path, options, false), (file) => importTensors(path, file, options));
    },
    async inspect(path) {
      const file = open(path, {}, true);
      try {
        const { tensors, facts } = file;
        return { tensors, facts, operators: [], ...networkPart(path, file) };
      } finally {
        file.close();
      }
    },
  };
}
