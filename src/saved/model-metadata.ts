/** Writes and reads the description of a model that a checkpoint has besides the tensors. */
import { BpttError, CheckpointError, OptionError } from '../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.js';
import { describeValue } from '../core/options.js';
import type { Vocabulary } from '../data/vocabulary.js';
import type { CompileOptions } from '../model/build/compile-options.js';
import type { Precision } from '../model/build/precision.js';
import { type Network, networkFromJSON } from '../model/network.js';
import { type AnyOptimizerMaker, optimizerDefinitions } from '../network/optimizers/define-optimizer.js';
import { type OptimizerDefinitions, optimizerAtRest } from '../network/optimizers/definition.js';
import { optimizerSlots } from '../network/optimizers/emit-update.js';
import { optimizerFromJSON } from '../network/optimizers/named-optimizer.js';
import type { OptimizerDescription } from '../network/optimizers/optimizer.js';
import { lossesFromJSON } from '../network/output-losses.js';

/** Layers, losses and optimizers of a user's own: JSON holds only their names. */
export interface Definitions {
  /** Results of `defineLayer`, for each of the user's own layers in the network. */
  readonly layers?: NonNullable<Parameters<typeof networkFromJSON>[1]>['layers'] | undefined;
  /** Results of `defineLoss`, for each of the user's own losses. */
  readonly losses?: Parameters<typeof lossesFromJSON>[1] | undefined;
  /** What `defineOptimizer` returned, for an optimizer of one's own. */
  readonly optimizers?: readonly AnyOptimizerMaker[] | undefined;
}

/** The description of a model. */
export interface DescribedModel {
  readonly description: object;
  readonly loss: string | object;
  readonly optimizer: object;
  readonly initializer: string;
  /** Left out: float32. */
  readonly precision?: string;
  readonly seed: number;
  /** Training steps done. */
  readonly step: number;
}

/** The content of `configuration.model`: enough to compile the model again. */
export function describeModel(model: DescribedModel): JsonObject {
  const { description, loss, optimizer, initializer, seed, precision = 'float32' } = model;
  // Converted to text and back, so that undefined members are removed, as in the file.
  const described = {
    ...{ network: description, loss, optimizer, initializer, seed },
    ...(precision !== 'float32' && { precision }),
  };
  return JSON.parse(JSON.stringify(described)) as JsonObject;
}

/**
 * The metadata of a checkpoint, without the position of a run. @param configuration with the description under `model`
 */
export function modelMetadata(
  model: Pick<DescribedModel, 'seed' | 'step'>,
  configuration: JsonObject,
  vocabulary: Vocabulary | undefined,
): JsonObject {
  const saved = vocabulary === undefined ? null : vocabulary.toJSON();
  return { configuration, vocabulary: saved, seed: model.seed, modelStep: model.step };
}

/** The content of a checkpoint's metadata, checked. */
export interface SavedDescription {
  readonly network: Network;
  /** Loss, optimizer, initializer and seed, where the checkpoint describes a model. */
  readonly settings: CompileOptions;
  /** The state that the optimizer has for each parameter. */
  readonly slots: readonly string[];
  /** Training steps done. */
  readonly step: number;
  /** Other data of the run or the user; undefined when there are none. */
  readonly configuration: JsonObject | undefined;
}

/** How a description is read. */
export interface ReadDescriptionOptions extends Definitions {
  /** Whether the model can be trained on; default true. Otherwise an optimizer of a user's own may be missing. */
  readonly training?: boolean | undefined;
  /** Replaces the network that the checkpoint describes. */
  readonly network?: Network | undefined;
}

/**
 * The description of a model, from the metadata of a checkpoint.
 *
 * @param path of the checkpoint, for errors
 * @param tensors how many the checkpoint has
 * @throws {CheckpointError} `checkpoint_mismatch` when it describes no network, or one that this version does not know;
 *   `checkpoint_corrupt` when a part of the description is missing or is no description; `unknown_layer`, `unknown_loss`, `unknown_optimizer` for one that is not of the library and not given
 */
export function readDescription(
  path: string,
  { configuration, modelStep, run }: JsonObject,
  tensors: number,
  { network, layers, losses, optimizers, training = true }: ReadDescriptionOptions,
): SavedDescription {
  const { model, ...rest } = objectOrNone(path, 'configuration', configuration) ?? {};
  const described = objectOrNone(path, 'configuration.model', model);
  if (described === undefined && network === undefined) {
    const message = `'${path}' describes no network: give the one that it was trained with as the option 'network'`;
    throw new CheckpointError('checkpoint_mismatch', message, { path });
  }
  return knownHere(path, () => {
    if (network === undefined) requirePlausibleDepth(described?.['network'], tensors);
    const settings = described === undefined ? {} : settingsOf(path, described, { losses, optimizers, training });
    return {
      network: network ?? networkFromJSON(described?.['network'], layers === undefined ? {} : { layers }),
      settings,
      slots: settings.optimizer === undefined ? [] : optimizerSlots(settings.optimizer),
      step: requireCount(modelStep ?? (isJsonObject(run) ? run['step'] : undefined) ?? 0),
      configuration: Object.keys(rest).length === 0 ? undefined : (rest as JsonObject),
    };
  });
}

/** Says what a checkpoint's metadata should hold. */
function corrupt(path: string, what: string, expected: string, value: unknown): CheckpointError {
  const message = `'${path}' is corrupt: its ${what} is ${describeValue(value)}, expected ${expected}`;
  return new CheckpointError('checkpoint_corrupt', message, { path, what, value });
}

/** The object that a part of the metadata is, where it is there. @throws {CheckpointError} `checkpoint_corrupt` for another value */
export function objectOrNone(path: string, what: string, value: JsonValue | undefined): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  if (isJsonObject(value)) return value;
  throw corrupt(path, what, 'an object', value);
}

/** What a model was compiled with. Values are checked when it is compiled. */
function settingsOf(
  path: string,
  described: JsonObject,
  { losses, optimizers, training }: Pick<ReadDescriptionOptions, 'losses' | 'optimizers' | 'training'>,
): CompileOptions {
  for (const part of ['loss', 'optimizer', 'initializer', 'seed']) {
    if (described[part] === undefined)
      throw corrupt(path, `configuration.model.${part}`, 'what the model has', undefined);
  }
  const { loss, optimizer, initializer, seed, precision } = described;
  return {
    ...lossesFromJSON(loss, losses),
    optimizer: optimizerOf(optimizer as never, optimizerDefinitions(optimizers), training === true),
    initializer: initializer as string,
    seed: seed as number,
    ...(precision !== undefined && { precision: precision as Precision }),
  };
}

/** The optimizer, without its definition where that is not given and the model is not trained. */
function optimizerOf(
  json: OptimizerDescription,
  definitions: OptimizerDefinitions,
  training: boolean,
): OptimizerDescription {
  try {
    return optimizerFromJSON(json, definitions);
  } catch (error) {
    if (training || !(error instanceof OptionError) || error.code !== 'unknown_optimizer') throw error;
    return optimizerAtRest(json);
  }
}

function requireCount(value: JsonValue): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  const message = `its number of training steps is ${describeValue(value)}`;
  throw new OptionError('invalid_option', message, { name: 'modelStep', value });
}

/**
 * Limits the layers of a stack to the number of tensors: every layer has tensors, so a description with more layers is
 * wrong.
 */
function requirePlausibleDepth(network: JsonValue | undefined, tensors: number): void {
  const nodes = isJsonObject(network) && Array.isArray(network['nodes']) ? (network['nodes'] as JsonValue[]) : [];
  for (const node of nodes) {
    const layer = isJsonObject(node) ? node['layer'] : undefined;
    const layers = isJsonObject(layer) ? layer['layers'] : undefined;
    if (typeof layers !== 'number' || layers <= tensors) continue;
    const message = `a stack has ${layers} layers, but the file only ${tensors} tensors`;
    throw new OptionError('invalid_option', message, { name: 'layers', value: layers, tensors });
  }
}

/** The codes of errors that say what is missing here, not what is wrong there. */
const MISSING_HERE: ReadonlySet<string> = new Set([
  'unknown_layer',
  'unknown_loss',
  'unknown_optimizer',
  'unknown_schedule',
]);

/** Adds the checkpoint's name to the errors of its description. */
export function knownHere<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BpttError) || error instanceof CheckpointError) throw error;
    const code = MISSING_HERE.has(error.code) ? error.code : 'checkpoint_mismatch';
    const message = `'${path}' describes a model that cannot be made here: ${error.message}`;
    throw new CheckpointError(code, message, { path, ...error.details }, error);
  }
}
