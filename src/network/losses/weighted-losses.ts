/** The losses of classes, of things that are there or not, and of numbers, with what their rows and columns count for. */
import { rejectUnknownKeys, requireNumber } from '../../core/options.js';
import type { Value } from '../../graph/value.js';
import type { EmittedLoss, LossBuildContext, LossDefinition } from './loss.js';
import { columnWeights, requireColumnWeights, requireWeights, rowWeights, type WeightOptions } from './weighting.js';

/**
 * The cross-entropy of classes with options. Targets [R] are class indices 0..C-1, -1 leaves a row out. With all of its options it is
 * PyTorch's `CrossEntropyLoss(weight, label_smoothing=..., ignore_index=-1)`.
 */
export interface SoftmaxCrossEntropyDescription extends WeightOptions {
  readonly kind: 'softmaxCrossEntropy';
  /** What each class counts for: as many numbers >= 0 as the output has columns. The mean is over the weights of the targets. */
  readonly classWeights?: readonly number[];
  /** Part of every target in [0, 1) that is spread evenly over all classes (Szegedy et al. 2016); default 0. */
  readonly labelSmoothing?: number;
}

/**
 * The cross-entropy of things that are there or not, with options. Targets [R, C] in [0, 1]; with `positiveWeights` it is PyTorch's
 * `BCEWithLogitsLoss(pos_weight)` times C: the mean over rows of the sum over columns.
 */
export interface SigmoidCrossEntropyDescription extends WeightOptions {
  readonly kind: 'sigmoidCrossEntropy';
  /** What being there counts for in each column, beside 1 for not being there: as many numbers >= 0 as the output has columns. */
  readonly positiveWeights?: readonly number[];
}

/** The squared error with options. Targets [R, C]. */
export interface MeanSquaredErrorDescription extends WeightOptions {
  readonly kind: 'meanSquaredError';
}

/** The absolute error with options. Targets [R, C]. */
export interface MeanAbsoluteErrorDescription extends WeightOptions {
  readonly kind: 'meanAbsoluteError';
}

/** The Huber loss with options. Targets [R, C]. It is PyTorch's `HuberLoss(delta)`; its `SmoothL1Loss(beta)` is this divided by beta. */
export interface HuberDescription extends WeightOptions {
  readonly kind: 'huber';
  /** Differences up to this one count as half their square, larger ones in proportion, in [1e-30, 1e30]; default 1. */
  readonly delta?: number;
}

/** Where the Huber loss goes from the square to the absolute error, as in PyTorch. */
const DELTA = 1;

/** Checks the option of the Huber loss. @throws {OptionError} `invalid_option` */
export function requireDelta(name: string, delta: unknown): number {
  return requireNumber(name, delta, { min: 1e-30, max: 1e30 });
}

/** The loss of an operation, and what its sum was divided by. */
function emitted({ loss, total }: { loss: Value; total: Value }, isWeighted: boolean): EmittedLoss {
  return { loss, total, isWeighted };
}

/** The definition of the loss. */
export const softmaxCrossEntropyLoss: LossDefinition<SoftmaxCrossEntropyDescription> = {
  kind: 'softmaxCrossEntropy',
  fromOptions(name, options) {
    rejectUnknownKeys(name, options, ['weights', 'classWeights', 'labelSmoothing']);
    const { classWeights, labelSmoothing } = options;
    return Object.freeze({
      kind: 'softmaxCrossEntropy',
      ...requireWeights(name, options),
      ...(classWeights !== undefined && { classWeights: requireColumnWeights(`${name}.classWeights`, classWeights) }),
      ...(labelSmoothing !== undefined && {
        labelSmoothing: requireNumber(`${name}.labelSmoothing`, labelSmoothing, { min: 0, exclusiveMax: 1 }),
      }),
    });
  },
  build(options, context) {
    const { graph, outputs, target } = context;
    const operands = {
      logits: outputs,
      targets: target({ rows: outputs.rows, size: outputs.columns, ignore: true }),
      weights: rowWeights(context, options),
      classWeights: columnWeights(context, 'classWeights', options.classWeights),
    };
    const attributes = { smoothing: options.labelSmoothing ?? 0 };
    const isWeighted = operands.weights !== undefined || operands.classWeights !== undefined;
    return emitted(graph.apply('softmaxCrossEntropy', operands, attributes), isWeighted);
  },
};

/** The definition of the loss. */
export const sigmoidCrossEntropyLoss: LossDefinition<SigmoidCrossEntropyDescription> = {
  kind: 'sigmoidCrossEntropy',
  fromOptions(name, options) {
    rejectUnknownKeys(name, options, ['weights', 'positiveWeights']);
    const { positiveWeights } = options;
    return Object.freeze({
      kind: 'sigmoidCrossEntropy',
      ...requireWeights(name, options),
      ...(positiveWeights !== undefined && {
        positiveWeights: requireColumnWeights(`${name}.positiveWeights`, positiveWeights),
      }),
    });
  },
  build(options, context) {
    const { graph, outputs, target } = context;
    const operands = {
      logits: outputs,
      targets: target({ rows: outputs.rows, columns: outputs.columns }),
      weights: rowWeights(context, options),
      positive: columnWeights(context, 'positiveWeights', options.positiveWeights),
    };
    return emitted(graph.apply('sigmoidCrossEntropy', operands), operands.weights !== undefined);
  },
};

/** What a loss of numbers reads: a target for each, and the weights of their rows. */
function numbersOf(context: LossBuildContext, options: WeightOptions) {
  const { outputs, target } = context;
  const weights = rowWeights(context, options);
  return { prediction: outputs, target: target({ rows: outputs.rows, columns: outputs.columns }), weights };
}

/** The definition of the loss. */
export const meanSquaredErrorLoss: LossDefinition<MeanSquaredErrorDescription> = {
  kind: 'meanSquaredError',
  fromOptions(name, options) {
    rejectUnknownKeys(name, options, ['weights']);
    return Object.freeze({ kind: 'meanSquaredError', ...requireWeights(name, options) });
  },
  build(options, context) {
    const operands = numbersOf(context, options);
    return emitted(context.graph.apply('meanSquaredError', operands), operands.weights !== undefined);
  },
};

/** The definition of the loss. */
export const meanAbsoluteErrorLoss: LossDefinition<MeanAbsoluteErrorDescription> = {
  kind: 'meanAbsoluteError',
  fromOptions(name, options) {
    rejectUnknownKeys(name, options, ['weights']);
    return Object.freeze({ kind: 'meanAbsoluteError', ...requireWeights(name, options) });
  },
  build(options, context) {
    const operands = numbersOf(context, options);
    return emitted(context.graph.apply('meanAbsoluteError', operands), operands.weights !== undefined);
  },
};

/** The definition of the loss. */
export const huberLoss: LossDefinition<HuberDescription> = {
  kind: 'huber',
  fromOptions(name, options) {
    rejectUnknownKeys(name, options, ['delta', 'weights']);
    const { delta } = options;
    return Object.freeze({
      kind: 'huber',
      ...(delta !== undefined && { delta: requireDelta(`${name}.delta`, delta) }),
      ...requireWeights(name, options),
    });
  },
  build(options, context) {
    const operands = numbersOf(context, options);
    const { delta = DELTA } = options;
    return emitted(context.graph.apply('huberLoss', operands, { delta }), operands.weights !== undefined);
  },
};
