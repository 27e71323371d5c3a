/** Problems of connectionist temporal classification. Targets are labels and an end mark, on the other time axis. */
import { factorOf, reductions } from '../../oracle/ctc.js';
import { oracles } from '../../oracle/index.js';
import { type Matrix, mapElements } from '../../oracle/matrix.js';
import { rowCount } from '../../oracle/packed.js';
import { largest, operandsFor, otherAxisOf, type Problem, rounded } from './problem.js';

const END = -1;

interface Shape {
  readonly name: string;
  /** Frames of each sequence, longest first. */
  readonly frames: readonly number[];
  readonly classes: number;
  /** The rows of each target with its end mark, one for each sequence of frames, in their order. */
  readonly targets: readonly (readonly number[])[];
  readonly blank?: number;
  readonly reduction?: keyof typeof reductions;
  /** Default 1, without which what does not fit has no gradient. */
  readonly zeroInfinity?: 0 | 1;
  /** Largest logit. */
  readonly size?: number;
  /** The sample of each sequence; default its number. */
  readonly samples?: readonly number[];
  /** Problems of the backward operation alone: the loss is not finite. */
  readonly infinite?: boolean;
  /** Weight of each sequence of frames; default none. */
  readonly weights?: readonly number[];
}

/** `count` labels from `first` on, over `period` classes, and the end mark. */
function target(count: number, period: number, first = 1): number[] {
  return [...Array.from({ length: count }, (_, index) => first + ((index * 5) % period)), END];
}

const shapes: readonly Shape[] = [
  { name: 'one frame of one label', frames: [1], classes: 3, targets: [[2, END]] },
  { name: 'one frame of an empty target', frames: [1], classes: 2, targets: [[END]] },
  { name: 'one class, which is the blank', frames: [3], classes: 1, targets: [[END]] },
  { name: 'an empty target', frames: [6, 4], classes: 5, targets: [[END], [3, 1, END]], reduction: 'perLabel' },
  {
    name: 'repeats that need blanks',
    frames: [9, 5, 3],
    classes: 4,
    targets: [
      [2, 2, 2, 1, END],
      [1, 1, 1, END],
      [3, 3, END],
    ],
  },
  {
    name: 'targets that just fit, and two that do not',
    frames: [4, 4, 3, 2],
    classes: 6,
    targets: [
      [1, 2, 3, 4, END],
      [1, 1, 2, 2, END],
      [5, 5, END],
      [1, 2, 3, END],
    ],
    reduction: 'perFrame',
  },
  {
    name: 'another order on each axis, two sequences of one target',
    frames: [12, 9, 9, 7, 2],
    classes: 7,
    targets: [target(6, 6), target(3, 6), [END], target(3, 6), [4, END]],
    samples: [3, 0, 4, 0, 1],
    reduction: 'perLabel',
  },
  {
    name: 'two classes',
    frames: [8, 6],
    classes: 2,
    targets: [
      [0, 0, END],
      [0, END],
    ],
    blank: 1,
    reduction: 'perSequence',
  },
  {
    name: '70 classes with the blank last',
    frames: [40, 33, 7],
    classes: 70,
    targets: [target(17, 60), target(16, 60), target(5, 60)],
    blank: 69,
    reduction: 'perSequence',
  },
  {
    name: 'more labels than several vectors',
    frames: [90, 70, 64, 50, 31],
    classes: 33,
    targets: [target(40, 30), target(31, 30), target(32, 30), target(15, 30), target(9, 7)],
    blank: 32,
    reduction: 'perLabel',
  },
  {
    name: 'large logits',
    frames: [30, 11],
    classes: 9,
    targets: [target(8, 8), target(4, 8)],
    size: 80,
    reduction: 'perFrame',
  },
  {
    name: 'what does not fit, is no target, or has no end mark',
    frames: [5, 5, 4, 3, 2, 1],
    classes: 4,
    targets: [
      [1, 0, END],
      [1, 2, 3, END],
      [END, 1, END],
      [1, 2],
      [3, 3, END],
      [1, 2, END],
    ],
    zeroInfinity: 0,
    infinite: true,
  },
  {
    name: 'the same with zeros for what does not fit',
    frames: [5, 5, 4, 3, 2, 1],
    classes: 4,
    targets: [
      [1, 0, END],
      [1, 2, 3, END],
      [END, 1, END],
      [1, 2],
      [3, 3, END],
      [1, 2, END],
    ],
    infinite: true,
  },
  ...(['sum', 'perLabel', 'perSequence', 'perFrame'] as const).map((reduction) => ({
    name: `weights of sequences, ${reduction}`,
    frames: [12, 9, 9, 7],
    classes: 7,
    targets: [target(6, 6), target(3, 6), [END], target(3, 6)],
    samples: [3, 0, 2, 1],
    reduction,
    weights: [0.5, 0, 3, 1.25],
  })),
  {
    name: 'no sequence with a weight',
    frames: [5, 3],
    classes: 4,
    targets: [
      [1, 2, END],
      [3, END],
    ],
    reduction: 'perLabel',
    weights: [0, 0],
  },
  {
    name: 'no weight where there is no target, or it does not fit',
    frames: [5, 5, 3],
    classes: 4,
    targets: [
      [1, 0, END],
      [1, 2, END],
      [3, 3, 3, END],
    ],
    zeroInfinity: 0,
    reduction: 'perSequence',
    weights: [0, 2, 0],
    infinite: true,
  },
];

/** Sequences alive at each step, for lengths that do not grow. */
function batchSizesOf(lengths: readonly number[]): number[] {
  return Array.from({ length: lengths[0] ?? 0 }, (_, step) => lengths.filter((length) => length > step).length);
}

/** The targets of samples 0, 1, ... as packed rows, longest first. */
function packTargets(shape: Shape) {
  const samples = shape.samples ?? shape.frames.map((_, index) => index);
  const bySample = new Map(samples.map((sample, index) => [sample, shape.targets[index] as readonly number[]]));
  // Samples that no sequence of frames has are there too.
  const count = Math.max(...samples) + 1;
  const all = Array.from({ length: count }, (_, sample) => ({ sample, rows: bySample.get(sample) ?? [1, END] }));
  all.sort((a, b) => b.rows.length - a.rows.length);
  const otherBatchSizes = batchSizesOf(all.map(({ rows }) => rows.length));
  const labels = otherBatchSizes.flatMap((alive, step) => all.slice(0, alive).map(({ rows }) => rows[step] as number));
  return { samples, otherBatchSizes, otherSamples: all.map(({ sample }) => sample), labels: Int32Array.from(labels) };
}

function problemsOf(shape: Shape): Problem[] {
  const { name, frames, classes, blank = 0, reduction = 'sum', zeroInfinity = 1, size = 3, infinite = false } = shape;
  const batchSizes = batchSizesOf(frames);
  const { labels, ...others } = packTargets(shape);
  const random = operandsFor(`ctc ${name}`);
  const logits = random.matrix(rowCount(batchSizes), classes, -size, size);
  const attributes = { blank, reduction: reductions[reduction], zeroInfinity };
  const axes = { batchSizes, ...others };
  const weights = shape.weights && {
    weights: mapElements(random.matrix(frames.length, 1, 0, 1), (_, at) => shape.weights?.[at] as number),
  };
  const operands = { logits, labels, ...weights };
  const { lse } = oracles.ctc(operands, attributes, batchSizes, otherAxisOf(axes)) as { lse: Matrix };
  const steps = frames[0] ?? 1;
  const dloss = random.matrix(1, 1, 0.5, 1.5);
  const factors = frames.map((_, sequence) => factorOf({ ...attributes, batchSizes, ...weights }, sequence, 0));
  const weight = Math.max(...factors) || 1;
  const common = { attributes, ...axes, steps };
  const loss: Problem = {
    name: `ctc, ${name}`,
    operation: 'ctc',
    operands,
    ...common,
    terms: classes,
    // A loss is a sum of differences of numbers of about this size.
    scales: { loss: Math.max(1, largest(logits)) * weight, losses: Math.max(1, largest(logits)) },
  };
  const gradient: Problem = {
    name: `ctcBackward, ${name}`,
    operation: 'ctcBackward',
    operands: { dloss, ...operands, lse: rounded(lse) },
    ...common,
    // logits are subtracted from each other and rounded before e is raised to the difference.
    terms: classes * Math.max(1, largest(lse)),
    backward: true,
    // The difference of two probabilities.
    scales: { dlogits: largest(dloss) * weight },
  };
  return infinite ? [gradient] : [loss, gradient];
}

/** The loss and its gradient at all sizes, and the gradient where there is no finite loss. */
export const ctcProblems: readonly Problem[] = shapes.flatMap(problemsOf);
