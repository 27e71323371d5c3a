/** Which loss each output of a network has. */
import { OptionError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber } from '../core/options.js';
import { type NetworkDescription, ONLY_OUTPUT, outputNodes } from './description.js';
import { type AnyLossMaker, lossDefinitions } from './losses/define-loss.js';
import { type LossDefinition, ownLossDefinition } from './losses/loss.js';
import { builtInLosses, type LossDescription, requireLoss } from './losses/losses.js';

/** Losses of several outputs by their names, and what each counts for in the sum that is minimised. */
export interface NamedLosses {
  readonly losses: Readonly<Record<string, LossDescription>>;
  /** Where there are any that are not 1. */
  readonly lossWeights?: Readonly<Record<string, number>>;
}

/** What a model minimises: the loss of its output, or those of several. */
export type ModelLoss = LossDescription | NamedLosses;

/** The loss of one output. */
export interface OutputLoss {
  readonly output: string;
  /** Name of the target in a batch. */
  readonly target: string;
  readonly loss: LossDescription;
  readonly weight: number;
}

/** The options of a compilation that say what is minimised. */
export interface LossOptions {
  /**
   * For a network with one output. Default `softmaxCrossEntropy`, for classes; a network whose output has 1 column must say its loss,
   * because a single class has the loss 0 always.
   */
  readonly loss?: LossDescription;
  /** Instead: losses by the names of the outputs. An output that is not named has none. */
  readonly losses?: Readonly<Record<string, LossDescription>>;
  /** Factors of the `losses` in their sum, >= 0; default 1 each. */
  readonly lossWeights?: Readonly<Record<string, number>>;
}

/** The loss of a network of one output where none is given. */
const DEFAULT_LOSS = 'softmaxCrossEntropy';

/**
 * Refuses the default loss where it cannot be right.
 *
 * @param columns of the first output
 * @throws {OptionError} `invalid_option`, which lists the losses
 */
export function requireChosenLoss({ loss, losses }: LossOptions, columns: number): void {
  if (loss !== undefined || losses !== undefined || columns > 1) return;
  const message = `option 'loss' must say the loss of an output of 1 column, one of ${[...builtInLosses.keys()].join(', ')}: the default ${DEFAULT_LOSS} would be 0 always`;
  throw new OptionError('invalid_option', message, { name: 'loss', columns });
}

/** Time axis of the labels of an output with a CTC loss. */
export function labelAxis(output: string): string {
  return `${output}/labels`;
}

function checkWeights(weights: Readonly<Record<string, number>> | undefined, names: readonly string[]): void {
  if (weights === undefined) return;
  rejectUnknownKeys('lossWeights', weights, names);
  for (const [name, weight] of Object.entries(weights)) {
    requireNumber(`lossWeights.${name}`, weight, { min: 0, max: 1e30 });
  }
}

/**
 * What a model of the network minimises, checked and frozen.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function checkLosses(description: NetworkDescription, options: LossOptions): ModelLoss {
  const { loss, losses, lossWeights } = options;
  const names = [...outputNodes(description).keys()];
  if (losses === undefined) {
    if (lossWeights !== undefined) refuse('lossWeights', "is for several 'losses'", lossWeights);
    if (names.length > 1) refuse('losses', `must give losses for some of the outputs ${names.join(', ')}`, losses);
    return requireLoss('loss', loss === undefined ? DEFAULT_LOSS : loss);
  }
  if (loss !== undefined) refuse('loss', "and option 'losses' exclude each other", loss);
  rejectUnknownKeys('losses', losses, names);
  const entries = Object.entries(losses).map(([name, each]) => [name, requireLoss(`losses.${name}`, each)] as const);
  if (entries.length === 0) refuse('losses', 'must name at least one output', losses);
  checkDefinitions(entries.map(([, each]) => each));
  checkWeights(lossWeights, Object.keys(losses));
  return Object.freeze({
    losses: Object.freeze(Object.fromEntries(entries)),
    ...(lossWeights !== undefined && { lossWeights: Object.freeze({ ...lossWeights }) }),
  });
}

/** A kind names one definition: otherwise the JSON of the losses would not say which. */
function checkDefinitions(losses: readonly LossDescription[]): void {
  const byKind = new Map<string, LossDefinition>();
  for (const definition of losses.flatMap((loss) => ownLossDefinition(loss) ?? [])) {
    const { kind } = definition;
    if ((byKind.get(kind) ?? definition) !== definition) refuse('losses', 'has two definitions of one name', kind);
    byKind.set(kind, definition);
  }
}

/**
 * The options of a compilation that say what is minimised, from JSON as a checkpoint holds it.
 *
 * @param json what `model.loss` is
 * @param makers losses of one's own: what `defineLoss` returned
 * @throws {OptionError} `invalid_option`, `unknown_option`; `unknown_loss` for one that is not of the library and not among the makers
 */
export function lossesFromJSON(json: unknown, makers: readonly AnyLossMaker[] = []): LossOptions {
  const definitions = lossDefinitions(makers);
  const named = json as Partial<NamedLosses> | null;
  if (typeof named !== 'object' || named === null || named.losses === undefined) {
    return { loss: requireLoss('loss', json, definitions) };
  }
  rejectUnknownKeys('the losses of a model', named, ['losses', 'lossWeights']);
  rejectUnknownKeys('losses', named.losses, Object.keys(named.losses ?? {}));
  const entries = Object.entries(named.losses).map(([name, loss]) => {
    return [name, requireLoss(`losses.${name}`, loss, definitions)] as const;
  });
  const { lossWeights } = named;
  return { losses: Object.fromEntries(entries), ...(lossWeights !== undefined && { lossWeights }) };
}

function refuse(name: string, message: string, value: unknown): never {
  throw new OptionError('invalid_option', `option '${name}' ${message}, got ${describeValue(value)}`, { name, value });
}

/** The losses of a model one by one. @param loss as `checkLosses` gives it */
export function outputLosses(description: NetworkDescription, loss: ModelLoss): readonly OutputLoss[] {
  const targetOf = (output: string) => (description.output === undefined ? output : 'target');
  if (typeof loss === 'object' && 'losses' in loss) {
    return Object.entries(loss.losses).map(([output, each]) => {
      return { output, target: targetOf(output), loss: each, weight: loss.lossWeights?.[output] ?? 1 };
    });
  }
  const [output = ONLY_OUTPUT] = outputNodes(description).keys();
  return [{ output, target: targetOf(output), loss, weight: 1 }];
}
