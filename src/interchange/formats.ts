/** The formats of files that are taken over, and how a file is recognised. */
import { openFile } from '../core/byte-source.js';
import { DataError, InterchangeError, OptionError } from '../core/errors.js';
import { KIND_BYTES, kindHint } from '../core/file-kind.js';
import { describeValue } from '../core/options.js';
import { statsAt } from '../core/path-stats.js';
import { checkpointFormat } from './checkpoint-format.js';
import { huggingFace } from './hugging-face/hugging-face-format.js';
import { keras } from './keras/keras-format.js';
import { onnxFormat } from './onnx/onnx-format.js';
import { pytorch } from './pytorch/pytorch-format.js';
import type { Format } from './shared/imported-network.js';
import { json, numpy, safetensors } from './state-dict/plain-formats.js';
import { tensorflowJs } from './tensorflow-js/tensorflow-js-format.js';

/** All formats; the first that recognises a file reads it. */
export const FORMATS: readonly Format[] = [
  checkpointFormat, // in front of other safetensors files
  onnxFormat,
  pytorch,
  keras,
  tensorflowJs,
  safetensors,
  huggingFace,
  numpy,
  json, // behind the other formats that are JSON
];

const names = () => FORMATS.map(({ name }) => name).join(', ');

/** The first bytes of a file; none of a folder. @throws {DataError} `file_unreadable`, `file_truncated` for an empty one */
function beginOf(path: string): Uint8Array {
  if (statsAt(path)?.isDirectory() === true) return new Uint8Array();
  const file = openFile(path);
  try {
    if (file.size === 0) {
      const message = `'${path}' is empty (0 bytes): its copy or download was cut off, or it was never written`;
      throw new DataError('file_truncated', message, { source: path });
    }
    return file.read(0, Math.min(KIND_BYTES, file.size));
  } finally {
    file.close();
  }
}

/**
 * The format of a file or a folder.
 *
 * @param name of the format, where the file does not say it
 * @throws {InterchangeError} `unknown_format`
 * @throws {DataError} `file_unreadable`, `file_truncated` for an empty file
 * @throws {OptionError} `invalid_option` for a name that is no format
 */
export function formatOf(path: string, name?: string): Format {
  const begin = beginOf(path);
  if (name !== undefined) {
    const named = FORMATS.find((format) => format.name === name);
    if (named !== undefined) return named;
    const message = `option 'format' must be one of ${names()}, got ${describeValue(name)}`;
    throw new OptionError('invalid_option', message, { name: 'format', value: name });
  }
  const found = FORMATS.find((format) => format.recognizes(path, begin));
  if (found !== undefined) return found;
  const kinds = FORMATS.map(({ description }) => description).join('; ');
  const message = `'${path}' is of no known format${kindHint(begin)}. Known are ${kinds}`;
  throw new InterchangeError('unknown_format', message, { source: path });
}
