/** All kinds of losses: those of the library, and those that users define. */
import { OptionError } from '../../core/errors.js';
import { callHint, describeValue } from '../../core/options.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import { type CtcLossOptions, ctcLoss } from './ctc.js';
import {
  type EmittedLoss,
  type LossDefinition,
  type LossDefinitions,
  type LossDescriptionObject,
  type LossInput,
  ownLossDefinition,
} from './loss.js';
import { type QuantileOptions, quantileLoss } from './quantile.js';
import {
  type HuberDescription,
  huberLoss,
  type MeanAbsoluteErrorDescription,
  type MeanSquaredErrorDescription,
  meanAbsoluteErrorLoss,
  meanSquaredErrorLoss,
  type SigmoidCrossEntropyDescription,
  type SoftmaxCrossEntropyDescription,
  sigmoidCrossEntropyLoss,
  softmaxCrossEntropyLoss,
} from './weighted-losses.js';

const NAMES = ['softmaxCrossEntropy', 'sigmoidCrossEntropy', 'meanSquaredError', 'meanAbsoluteError', 'huber'] as const;

/** Name of a loss. */
export type LossName = (typeof NAMES)[number];

/** A CTC loss with its options. */
export interface CtcLossDescription extends CtcLossOptions {
  readonly kind: 'ctc';
}

/** A quantile loss with its levels. */
export interface QuantileLossDescription extends QuantileOptions {
  readonly kind: 'quantile';
}

declare const isDefined: unique symbol;

/** Description of a loss that a user has defined; only what `defineLoss` returns makes such. */
export interface DefinedLoss extends LossDescriptionObject {
  readonly [isDefined]: true;
}

/** A loss: its name, or for one with options a frozen description. */
export type LossDescription =
  | LossName
  | SoftmaxCrossEntropyDescription
  | SigmoidCrossEntropyDescription
  | MeanSquaredErrorDescription
  | MeanAbsoluteErrorDescription
  | HuberDescription
  | CtcLossDescription
  | QuantileLossDescription
  | DefinedLoss;

/** Descriptions of the losses of the library. */
type BuiltInDescription = Exclude<LossDescription, LossName | DefinedLoss>;

/** Whether a loss is the description of one of the library of that kind. */
export function isLossKind<K extends BuiltInDescription['kind']>(
  loss: unknown,
  kind: K,
): loss is Extract<BuiltInDescription, { readonly kind: K }> {
  return typeof loss === 'object' && loss !== null && 'kind' in loss && loss.kind === kind;
}

/** Whether a loss is the cross-entropy of classes, with or without options. */
export function isClassLoss(loss: unknown): loss is 'softmaxCrossEntropy' | SoftmaxCrossEntropyDescription {
  return loss === 'softmaxCrossEntropy' || isLossKind(loss, 'softmaxCrossEntropy');
}

/** Whether a loss is the mean of -log of the probabilities of the targets, in nats: weights of rows make it a weighted mean. */
export function isLikelihoodLoss(loss: unknown): boolean {
  if (!isClassLoss(loss)) return false;
  return typeof loss === 'string' || (loss.classWeights === undefined && (loss.labelSmoothing ?? 0) === 0);
}

const BUILT_IN: readonly LossDefinition[] = [
  softmaxCrossEntropyLoss,
  sigmoidCrossEntropyLoss,
  meanSquaredErrorLoss,
  meanAbsoluteErrorLoss,
  huberLoss,
  ctcLoss,
  quantileLoss,
];

/** The definitions of the losses of the library. */
export const builtInLosses: LossDefinitions = new Map(BUILT_IN.map((definition) => [definition.kind, definition]));

/** Names that other libraries have for losses, without case and marks. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  bce: ['sigmoidCrossEntropy'],
  bcewithlogits: ['sigmoidCrossEntropy'],
  binarycrossentropy: ['sigmoidCrossEntropy'],
  categoricalcrossentropy: ['softmaxCrossEntropy'],
  ce: ['softmaxCrossEntropy'],
  crossentropy: ['softmaxCrossEntropy'],
  l1: ['meanAbsoluteError', 'quantile'],
  mae: ['meanAbsoluteError', 'quantile'],
  mse: ['meanSquaredError'],
  nll: ['softmaxCrossEntropy'],
  pinball: ['quantile'],
  sparsecategoricalcrossentropy: ['softmaxCrossEntropy'],
};

/** The loss that was probably meant. */
function suggestion(kind: string): string {
  const plain = (name: string) =>
    name
      .toLowerCase()
      .replace(/[^a-z0-9]/g, '')
      .replace(/loss$/, '');
  const known = [...builtInLosses.keys()];
  const alike = known.find((name) => plain(name) === plain(kind));
  const found = alike ?? ALIASES[plain(kind)]?.find((name) => builtInLosses.has(name));
  return found === undefined ? '' : `; did you mean '${found}'?`;
}

/**
 * The definition of a loss.
 *
 * @param name what it is called in messages
 * @param definitions of losses beside those of the library; undefined where a caller gives the loss itself, and no JSON
 * @throws {OptionError} `unknown_loss`
 */
function definitionOf(name: string, loss: LossDescription, definitions?: LossDefinitions): LossDefinition {
  const kind = typeof loss === 'string' ? loss : loss.kind;
  const found = ownLossDefinition(loss) ?? builtInLosses.get(kind) ?? definitions?.get(kind);
  if (found !== undefined) return found;
  const kinds = [...builtInLosses.keys(), ...(definitions?.keys() ?? [])].join(', ');
  const help =
    definitions === undefined
      ? `a loss of one's own is given as what its maker returns, loss: myLoss() with myLoss = defineLoss({ ... })`
      : `a loss of one's own is brought back by the option 'losses', with what defineLoss returned`;
  const message = `option '${name}' is ${describeValue(kind)}, which is unknown${suggestion(kind)}; there are ${kinds}; ${help}`;
  throw new OptionError('unknown_loss', message, {
    name,
    value: kind,
    ...(definitions !== undefined && { option: 'losses' }),
  });
}

/**
 * A checked description. Where a loss of the library has no options, that is its name.
 *
 * @param name what the loss is called in messages
 * @param definitions of losses beside those of the library
 * @throws {OptionError} `invalid_option`, `unknown_option`, `unknown_loss`
 */
export function requireLoss(name: string, value: unknown, definitions?: LossDefinitions): LossDescription {
  const isDescription = typeof value === 'object' && typeof (value as LossDescriptionObject | null)?.kind === 'string';
  if (typeof value !== 'string' && !isDescription) {
    const message = `option '${name}' must be the name of a loss or its description, got ${describeValue(value)}${callHint(value)}`;
    throw new OptionError('invalid_option', message, { name, value });
  }
  if (ownLossDefinition(value) !== undefined) return value as DefinedLoss;
  const { kind, ...options } = typeof value === 'string' ? { kind: value } : (value as LossDescriptionObject);
  const checked = definitionOf(name, { kind } as LossDescription, definitions).fromOptions(name, options);
  const isName = Object.keys(checked).length === 1 && NAMES.some((each) => each === kind);
  return (isName ? kind : checked) as LossDescription;
}

/** What the inputs of a loss are called in a graph. */
export interface TargetPlace {
  /** Name of the input of the program for the target; default `target`. */
  readonly target?: string;
  /** Time axis of the labels of a CTC loss; default `labels`. */
  readonly labelAxis?: string;
  /** Told of every input: its name behind that of the target, '' for the target itself, and its value. */
  readonly onInput?: (name: string, value: Value) => void;
}

/**
 * Emits a loss over all rows of `outputs` [R, C] against an input of the program. The rows R are those of
 * the outputs: N where they are given for every step, B for every sequence.
 *
 * - `softmaxCrossEntropy`: targets [R] are class indices 0..C-1, -1 leaves a row out; the mean over the others, in nats.
 * - `sigmoidCrossEntropy`: targets [R, C] in [0, 1]; the mean over rows of the sum over columns, in nats.
 * - `meanSquaredError`, `meanAbsoluteError`, `huber`: targets [R, C]; the mean over all elements.
 * - `quantile`: targets [R, C / levels]; the mean over all targets and levels, as `emitQuantile` says.
 * - Weights of these make it a weighted mean: weighting.ts, weighted-losses.ts.
 * - `ctc`: targets [M] on a time axis of their own, as `emitCtc` takes them.
 *
 * @throws {ShapeError} `shape_mismatch` for a CTC loss of outputs without steps, and for outputs that are no multiple of the
 *   levels of a quantile loss
 * @throws {OptionError} `invalid_option` for a blank that is no class
 */
export function emitLoss(graph: Graph, loss: LossDescription, outputs: Value, place: TargetPlace = {}): EmittedLoss {
  const { target: name = 'target', labelAxis = 'labels', onInput } = place;
  const external = (part: string, input: LossInput): Value => {
    const own = part === '' ? name : `loss/${name}/${part}`;
    const { rows } = input;
    const value =
      'size' in input
        ? graph.indices(own, rows, input.size, { ignore: input.ignore === true })
        : graph.external(own, rows, input.columns, input.nonNegative === true ? { nonNegative: true } : {});
    onInput?.(part, value);
    return value;
  };
  const description = typeof loss === 'string' ? { kind: loss } : loss;
  return definitionOf('loss', loss).build(description, {
    graph,
    outputs,
    labelAxis,
    target: (input) => external('', input),
    input: external,
  });
}
