/** Models of other libraries, in one call. */
import { OptionError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys } from '../core/options.js';
import { COMPILE_OPTIONS, type CompileOptions } from '../model/build/compile-options.js';
import type { Model } from '../model/model.js';
import { Network } from '../model/network.js';
import { formatOf } from './formats.js';
import { importNotes } from './shared/import-notes.js';
import type { Format, ImportOptions } from './shared/imported-network.js';
import { makeModel } from './shared/make-model.js';

/** How a model is taken over. */
export interface ImportModelOptions extends ImportOptions, CompileOptions {
  /** Name of the format, where the file does not say it. */
  readonly format?: string | undefined;
}

/** A model that was made elsewhere. Call `model.dispose()` at the end. */
export interface ImportedModel {
  /** As any model of the library: it predicts, streams, trains on and is saved with `saveModel`. */
  readonly model: Model;
  /** The format of the file: `onnx`, `pytorch`, ... */
  readonly format: string;
  /** What the file does not say and was taken as given, what was rounded or left out: a sentence each. */
  readonly notes: readonly string[];
}

/** @throws {OptionError} `invalid_option` for an option that files of this format do not take, and for what is no network */
function requireFitting({ name, options }: Format, given: ImportOptions): void {
  for (const [option, value] of Object.entries(given)) {
    if (value === undefined || options.includes(option as keyof ImportOptions)) continue;
    const known = options.length === 0 ? 'none' : options.join(', ');
    const message = `option '${option}' says nothing of a file of the format '${name}', whose options are ${known}`;
    throw new OptionError('invalid_option', message, { name: option, format: name });
  }
  if (given.network === undefined || given.network instanceof Network) return;
  const message = `option 'network' must be a result of network() or sequential(), got ${describeValue(given.network)}`;
  throw new OptionError('invalid_option', message, { name: 'network', value: given.network });
}

/** A loss for each output: training needs one, predictions do not look at it. */
function defaultLoss({ description: { outputs } }: Network): CompileOptions {
  if (outputs === undefined) return { loss: 'meanSquaredError' };
  return { losses: Object.fromEntries(Object.keys(outputs).map((name) => [name, 'meanSquaredError'])) };
}

/**
 * Makes a model of a file of another library: PyTorch, Keras, TensorFlow.js, ONNX, NumPy, JSON, Hugging Face. The format is
 * recognised by the file. What cannot be taken over exactly is refused with its name and place.
 *
 * Files that hold tensors alone do not say how these go together: the option `network` does, and `map` says which names belong to
 * which of its nodes. The loss of each output is `meanSquaredError` unless others are given; it matters for training alone.
 *
 * @param path of a file, or of a folder in the layout of Hugging Face
 * @throws {InterchangeError} `unknown_format`, `unsupported_operator`, `unsupported_attribute`, `ambiguous_network`,
 *   `missing_tensor`, `unused_tensor`, `tensor_mismatch`, `refused_global`, `missing_package`
 * @throws {DataError} `file_unreadable`, `file_truncated`, `file_corrupt`, `file_unsupported`
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example
 * const { model, notes } = await importModel('tagger.pt');
 * const outputs = await model.predict([[4, 8, 15, 16], [2]]); // of any lengths
 */
export async function importModel(path: string, options: ImportModelOptions = {}): Promise<ImportedModel> {
  const { format: name, network, map, axes, constants, stateDict, config, ...compile } = options;
  rejectUnknownKeys('importModel', compile, COMPILE_OPTIONS);
  const format = formatOf(path, name);
  requireFitting(format, { network, map, axes, constants, stateDict, config });
  const imported = await format.import(path, { network, map, axes, constants, stateDict, config });
  try {
    const hasLoss = compile.loss !== undefined || compile.losses !== undefined;
    const settings = hasLoss ? compile : { ...compile, ...defaultLoss(imported.network) };
    const model = await makeModel(path, imported, settings);
    return { model, format: format.name, notes: importNotes(imported) };
  } finally {
    imported.close();
  }
}
