/** What a checkpoint says of its model beside the tensors, written and read. */
import { BpttError, CheckpointError, OptionError } from '../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.js';
import type { Vocabulary } from '../data/vocabulary.js';
import type { CompileOptions } from '../model/build/compile-options.js';
import { type Network, networkFromJSON } from '../model/network.js';
import { type AnyOptimizerMaker, optimizerDefinitions } from '../network/optimizers/define-optimizer.js';
import { optimizerSlots } from '../network/optimizers/emit-update.js';
import { optimizerFromJSON } from '../network/optimizers/optimizer.js';
import { lossesFromJSON } from '../network/output-losses.js';

/** Layers, losses and optimizers of a user's own: JSON holds only their names. */
export interface Definitions {
  /** What `defineLayer` returned, for each layer of one's own in the network. */
  readonly layers?: NonNullable<Parameters<typeof networkFromJSON>[1]>['layers'] | undefined;
  /** What `defineLoss` returned, for each loss of one's own. */
  readonly losses?: Parameters<typeof lossesFromJSON>[1] | undefined;
  /** What `defineOptimizer` returned, for an optimizer of one's own. */
  readonly optimizers?: readonly AnyOptimizerMaker[] | undefined;
}

/** What is said of a model. */
export interface DescribedModel {
  readonly description: object;
  readonly loss: string | object;
  readonly optimizer: object;
  readonly initializer: string;
  readonly seed: number;
  /** Training steps done. */
  readonly step: number;
}

/** What `configuration.model` says: enough to compile the model again. */
export function describeModel({ description, loss, optimizer, initializer, seed }: DescribedModel): JsonObject {
  // Through its text: what is undefined goes away, as it will from the file.
  const described = { network: description, loss, optimizer, initializer, seed };
  return JSON.parse(JSON.stringify(described)) as JsonObject;
}

/** The metadata of a checkpoint, but for where a run stands. @param configuration with the description under `model` */
export function modelMetadata(
  model: Pick<DescribedModel, 'seed' | 'step'>,
  configuration: JsonObject,
  vocabulary: Vocabulary | undefined,
): JsonObject {
  const saved = vocabulary === undefined ? null : vocabulary.toJSON();
  return { configuration, vocabulary: saved, seed: model.seed, modelStep: model.step };
}

/** What a checkpoint says, checked. */
export interface SavedDescription {
  readonly network: Network;
  /** Loss, optimizer, initializer and seed, as far as they are said. */
  readonly settings: CompileOptions;
  /** What the optimizer keeps for each parameter. */
  readonly slots: readonly string[];
  /** Training steps done. */
  readonly step: number;
  /** What the run or the user said besides; undefined when nothing was said. */
  readonly configuration: JsonObject | undefined;
}

/** How a description is read. */
export interface ReadDescriptionOptions extends Definitions {
  /** Takes the place of the network that the checkpoint describes. */
  readonly network?: Network | undefined;
}

/**
 * The description of a model, from the metadata of a checkpoint.
 *
 * @param path of the checkpoint, for errors
 * @param tensors how many the checkpoint has
 * @throws {CheckpointError} `checkpoint_mismatch` when it describes no network, or one that this version does not know;
 *   `unknown_layer`, `unknown_loss`, `unknown_optimizer` for one that is not of the library and not given
 */
export function readDescription(
  path: string,
  { configuration, modelStep, run }: JsonObject,
  tensors: number,
  { network, layers, losses, optimizers }: ReadDescriptionOptions,
): SavedDescription {
  const { model, ...rest } = isJsonObject(configuration) ? configuration : ({} as JsonObject);
  const described = isJsonObject(model) ? model : undefined;
  if (described === undefined && network === undefined) {
    const message = `'${path}' describes no network: give the one that it was trained with as the option 'network'`;
    throw new CheckpointError('checkpoint_mismatch', message, { path });
  }
  return knownHere(path, () => {
    if (network === undefined) requirePlausibleDepth(described?.['network'], tensors);
    const settings = settingsOf(described ?? {}, { losses, optimizers });
    return {
      network: network ?? networkFromJSON(described?.['network'], layers === undefined ? {} : { layers }),
      settings,
      slots: settings.optimizer === undefined ? [] : optimizerSlots(settings.optimizer),
      step: requireCount(modelStep ?? (isJsonObject(run) ? run['step'] : undefined) ?? 0),
      configuration: Object.keys(rest).length === 0 ? undefined : (rest as JsonObject),
    };
  });
}

/** What a model was compiled with; what is not said is left to the defaults. Values are checked when it is compiled. */
function settingsOf(
  { loss, optimizer, initializer, seed }: JsonObject,
  { losses, optimizers }: Pick<Definitions, 'losses' | 'optimizers'>,
): CompileOptions {
  return {
    ...(loss !== undefined && lossesFromJSON(loss, losses)),
    ...(optimizer !== undefined && {
      optimizer: optimizerFromJSON(optimizer as never, optimizerDefinitions(optimizers)),
    }),
    ...(initializer !== undefined && { initializer: initializer as string }),
    ...(seed !== undefined && { seed: seed as number }),
  };
}

function requireCount(value: JsonValue): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  const message = `its number of training steps is ${JSON.stringify(value)}`;
  throw new OptionError('invalid_option', message, { name: 'modelStep', value });
}

/** Every layer of a stack has tensors: a description with more of them would be walked for nothing. */
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

/** Names the checkpoint in the errors of what it describes. */
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
