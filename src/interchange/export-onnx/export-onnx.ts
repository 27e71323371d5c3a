/** Writes a model as an ONNX file. */
import { TIME } from '../../batch/axes.js';
import { CheckpointError, InterchangeError, OptionError } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import { requireNumber, requireOneOf } from '../../core/options.js';
import type { Vocabulary } from '../../data/vocabulary.js';
import type { Model } from '../../model/model.js';
import { packageRoot } from '../../native/package-root.js';
import { inputAxes } from '../../network/description.js';
import type { ExportedModel, Exporter } from '../shared/exporter.js';
import { requireKeptData } from '../shared/kept-data.js';
import { type BuiltOnnx, buildOnnx, type OnnxNames } from './build-onnx.js';
import { notExportable } from './emission.js';
import type { TensorInfo } from './onnx-graph.js';

/** How a model is written as an ONNX file. */
export interface ExportOnnxOptions {
  /** Version of the operators, integer from 17 to 25; default 17, which the most readers know. */
  readonly opset?: number | undefined;
  /** Whether tensors of steps are [batch, steps, columns] in place of [steps, batch, columns]; default false. */
  readonly batchFirst?: boolean | undefined;
  /**
   * Whether there is an input with the lengths of the sequences for each time axis that has steps; default true. Without, all sequences
   * are as long as the tensors.
   */
  readonly lengths?: boolean | undefined;
  /** Whether initial states are inputs and final ones outputs; default false, all states begin as zeros. */
  readonly states?: boolean | undefined;
  /**
   * Whether the file holds one step, [batch, columns] in and out, with the states before and after it; default false. What reads a
   * stream calls it for every step, and gives each final state as the next initial one. It takes neither `batchFirst`, `lengths` nor `states`.
   */
  readonly stateful?: boolean | undefined;
  /** Whether weights stand in a file of their own beside it; default only where one file would be larger than 2 GiB, the most there can be. */
  readonly externalData?: boolean | undefined;
  /** The symbols whose ids the model reads or outputs, kept as JSON in the metadata `vocabulary`. */
  readonly vocabulary?: Vocabulary | undefined;
  /** Other data that is needed to use the model, such as means and deviations of columns, kept as JSON in the metadata `configuration`. */
  readonly configuration?: JsonObject | undefined;
}

/** An input or an output of a file. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: 'float32' | 'int64' | 'bool';
  /** Numbers, and names of sizes that are known only when the file is used: `time`, `batch`. */
  readonly dimensions: readonly (number | string)[];
}

/** What was written: the file, and the one with the weights where they stand in another. */
export interface ExportedOnnx extends ExportedModel {
  /** Bytes of all files. */
  readonly bytes: number;
  readonly opset: number;
  readonly inputs: readonly OnnxTensor[];
  readonly outputs: readonly OnnxTensor[];
  /** Names in the file by those of the network: inputs, outputs, initial and final states; lengths by time axis. */
  readonly names: OnnxNames;
}

/** The version of the file's form that belongs to each version of the operators. Source: onnx.helper.VERSION_TABLE of ONNX 1.23. */
const IR_VERSIONS: Readonly<Record<number, number>> = {
  17: 8,
  18: 8,
  19: 9,
  20: 9,
  21: 10,
  22: 10,
  23: 11,
  24: 12,
  25: 13,
};

const OPTIONS = [
  'opset',
  'batchFirst',
  'lengths',
  'states',
  'stateful',
  'externalData',
  'vocabulary',
  'configuration',
] as const;

const flag = (name: string, value: boolean | undefined, otherwise: boolean) =>
  value === undefined ? otherwise : requireOneOf(name, value, [true, false]);

/** A step has neither a dimension of time nor lengths, and always states. @throws {OptionError} `invalid_option` */
function requireOfStep(options: ExportOnnxOptions): void {
  for (const name of ['batchFirst', 'lengths', 'states'] as const) {
    if (options[name] === undefined) continue;
    const message = `option '${name}' says nothing of a single step ('stateful'), which has no dimension of time and always states: leave it out`;
    throw new OptionError('invalid_option', message, { name, value: options[name] });
  }
}

/** Checks the options. @throws {OptionError} `invalid_option`, `unknown_option` @throws {VocabularyError} `vocabulary_mismatch` */
function checkOptions(model: Model, options: ExportOnnxOptions) {
  requireKeptData(model, options);
  const isStep = flag('stateful', options.stateful, false);
  if (isStep) requireOfStep(options);
  if (options.externalData !== undefined) flag('externalData', options.externalData, false);
  const opsets = Object.keys(IR_VERSIONS).map(Number);
  const bounds = { integer: true, min: Math.min(...opsets), max: Math.max(...opsets) };
  return {
    opset: requireNumber('opset', options.opset ?? bounds.min, bounds),
    batchFirst: flag('batchFirst', options.batchFirst, false),
    lengths: !isStep && flag('lengths', options.lengths, true),
    states: isStep || flag('states', options.states, false),
    isStep,
  };
}

/** @throws {InterchangeError} `not_exportable` for a network that cannot be computed step by step on its own */
function requireSteps({ description, streamObstacle }: Model): void {
  if (streamObstacle !== undefined) {
    const { layer, reason } = streamObstacle;
    const what = {
      backwards: 'reads sequences from their ends',
      laterSteps: 'reads later steps',
      fewerSteps: 'leaves steps out',
      moreSteps: 'has more outputs than a sequence has steps',
    };
    throw notExportable(layer, `one step alone ('stateful') cannot be computed, since it ${what[reason]}`, {
      option: 'stateful',
    });
  }
  const [, other] = inputAxes(description);
  if (other === undefined) return;
  const message = `a network with the time axis '${other}' beside '${TIME}' cannot be exported as one step ('stateful'): export it as a whole`;
  throw new InterchangeError('not_exportable', message, { format: 'onnx', option: 'stateful', axis: other });
}

function metadataOf({ vocabulary, configuration }: ExportOnnxOptions): Map<string, string> {
  const metadata = new Map<string, string>();
  if (vocabulary !== undefined) metadata.set('vocabulary', JSON.stringify(vocabulary.toJSON()));
  if (configuration !== undefined) metadata.set('configuration', JSON.stringify(configuration));
  return metadata;
}

/** What the file says of its network, so that `importModel` makes the same model of it. */
function ownDescription({ description, parameters, buffers }: Model, { weights }: BuiltOnnx) {
  const unread = [...parameters, ...buffers].filter(([name]) => !weights.has(name));
  return {
    network: description,
    weights: Object.fromEntries(weights),
    unread: Object.fromEntries(unread.map(([name, { data }]) => [name, [...data]])),
  };
}

/** The error of a file that could not be written. */
function failed(path: string, error: unknown): unknown {
  if (!(error instanceof CheckpointError)) return error;
  return new InterchangeError('export_failed', error.message, { path, format: 'onnx' }, error);
}

const shown = ({ name, type, dimensions }: TensorInfo): OnnxTensor => ({ name, type, dimensions: [...dimensions] });

/**
 * Writes a model, which does not change meanwhile, as an ONNX file. It computes what `predict` computes.
 *
 * Inputs of steps are padded: [steps, batch, columns], indices int64 [steps, batch]; inputs of sequences are [batch, columns]. `lengths`
 * int64 [batch] says how many steps each sequence has, for another time axis than `time` its name stands behind a dot. A sequence has the
 * same place on all axes. Outputs have zeros behind the end of each sequence. The path has the old file or the new one at every moment.
 *
 * @throws {InterchangeError} `not_exportable` with the layer, where ONNX has no such computation; `export_failed` where the file cannot be
 *   written, and the path has its old content
 * @throws {OptionError} `invalid_option`
 * @throws {VocabularyError} `vocabulary_mismatch`
 */
async function write(model: Model, path: string, options: ExportOnnxOptions): Promise<ExportedOnnx> {
  const settings = checkOptions(model, options);
  if (settings.isStep) requireSteps(model);
  const { writeOnnx } = await import('./write-onnx.js');
  const { parameters, buffers, description } = model;
  const numbers = (name: string) => (parameters.get(name) ?? buffers.get(name))?.data as Float32Array;
  const built = buildOnnx(description, numbers, settings);
  const { graph, names, notes } = built;
  const { opset } = settings;
  const file = {
    graph,
    opset,
    irVersion: IR_VERSIONS[opset] as number,
    producerVersion: packageRoot().version,
    metadata: metadataOf(options),
    own: ownDescription(model, built),
  };
  const written = await writeOnnx(path, file, { isExternal: options.externalData }).catch((error: unknown) => {
    throw failed(path, error);
  });
  return { ...written, notes, opset, inputs: graph.inputs.map(shown), outputs: graph.outputs.map(shown), names };
}

/** ONNX as a format that models are written in. */
export const onnxExporter: Exporter<ExportOnnxOptions> & { readonly write: typeof write } = { options: OPTIONS, write };
