/** Problems of convolution and of its gradients, and of the context that it leaves. */
import { rowCount, sequenceCount } from '../../oracle/packed.js';
import { batches, operandsFor, type Problem } from './problem.js';

/** Codes of the padding with a name, and how many outputs a sequence has. */
const named = {
  causal: { code: 0, outputs: (length: number, _reach: number, stride: number) => Math.ceil(length / stride) },
  same: { code: 1, outputs: (length: number, _reach: number, stride: number) => Math.ceil(length / stride) },
  valid: {
    code: 2,
    outputs: (length: number, reach: number, stride: number) => Math.floor((length - reach) / stride) + 1,
  },
} as const;

interface Shape {
  /** Of x. */
  readonly batchSizes: readonly number[];
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  /** A name, or the steps in front and behind. */
  readonly padding: keyof typeof named | readonly [front: number, behind: number];
  readonly stride?: number;
  readonly dilation?: number;
  readonly groups?: number;
  readonly bias?: boolean;
  /** Steps of context. */
  readonly context?: number;
  /** The samples of the sequences of x, and of those of y. */
  readonly samples?: readonly [readonly number[], readonly number[]];
}

const ragged = [5, 5, 4, 4, 2, 2, 1, 1, 1];

const shapes: readonly Shape[] = [
  { batchSizes: [1], inputs: 1, outputs: 1, kernel: 1, padding: 'valid' },
  { batchSizes: ragged, inputs: 3, outputs: 7, kernel: 3, padding: 'causal', bias: true, context: 2 },
  { batchSizes: ragged, inputs: 3, outputs: 7, kernel: 3, padding: 'same', bias: true },
  { batchSizes: [5, 5, 4, 4, 2, 2, 1], inputs: 3, outputs: 4, kernel: 2, padding: 'valid' },
  // A kernel that is longer than the shorter sequences, with more context than it looks at.
  { batchSizes: ragged, inputs: 2, outputs: 3, kernel: 4, dilation: 2, padding: 'causal', context: 8 },
  { batchSizes: ragged, inputs: 2, outputs: 3, kernel: 5, dilation: 3, padding: 'same', bias: true },
  { batchSizes: ragged, inputs: 3, outputs: 5, kernel: 3, stride: 2, padding: 'same', bias: true },
  { batchSizes: ragged, inputs: 3, outputs: 5, kernel: 2, stride: 3, padding: 'same' },
  { batchSizes: ragged, inputs: 3, outputs: 5, kernel: 4, stride: 2, dilation: 2, padding: 'causal', context: 6 },
  { batchSizes: [6, 6, 6, 3, 3, 2, 2, 1], inputs: 3, outputs: 5, kernel: 2, stride: 2, dilation: 2, padding: 'valid' },
  // Explicit zeros: as many as `same` has, more in front than the kernel looks at, more than it looks at together, none in front.
  { batchSizes: ragged, inputs: 3, outputs: 5, kernel: 3, padding: [1, 1], bias: true },
  { batchSizes: ragged, inputs: 3, outputs: 5, kernel: 3, stride: 2, padding: [1, 1] },
  { batchSizes: ragged, inputs: 2, outputs: 3, kernel: 2, padding: [4, 0], bias: true },
  { batchSizes: ragged, inputs: 2, outputs: 3, kernel: 3, stride: 3, dilation: 2, padding: [5, 6] },
  { batchSizes: [5, 5, 4, 4, 2, 2, 1], inputs: 3, outputs: 4, kernel: 4, padding: [0, 2] },
  { batchSizes: ragged, inputs: 17, outputs: 17, groups: 17, kernel: 3, padding: [2, 3], bias: true },
  { batchSizes: ragged, inputs: 6, outputs: 4, groups: 2, kernel: 1, stride: 2, padding: [3, 1] },
  { batchSizes: batches.sixHundredRows, inputs: 20, outputs: 70, kernel: 5, stride: 2, padding: [2, 2] },
  // Groups of several columns, of one input each, and of one input and one output each.
  { batchSizes: ragged, inputs: 6, outputs: 4, groups: 2, kernel: 3, padding: 'same', bias: true },
  { batchSizes: ragged, inputs: 3, outputs: 6, groups: 3, kernel: 3, padding: 'causal', context: 2 },
  { batchSizes: ragged, inputs: 70, outputs: 70, groups: 70, kernel: 3, padding: 'causal', bias: true, context: 2 },
  { batchSizes: ragged, inputs: 17, outputs: 17, groups: 17, kernel: 4, stride: 2, padding: 'same' },
  { batchSizes: [9, 8, 3], inputs: 150, outputs: 100, groups: 50, kernel: 2, padding: 'same' },
  // Each axis in an order of its own.
  {
    batchSizes: batches.allLengthsDifferent,
    inputs: 3,
    outputs: 3,
    kernel: 3,
    padding: 'same',
    samples: [
      [2, 4, 0, 1, 3],
      [2, 4, 0, 1, 3],
    ],
  },
  // More than a panel, than a tile, and than a block of rows that are summed together.
  { batchSizes: batches.sixHundredRows, inputs: 20, outputs: 70, kernel: 5, padding: 'same', bias: true },
  { batchSizes: batches.sixHundredRows, inputs: 33, outputs: 33, groups: 33, kernel: 7, padding: 'same', bias: true },
  { batchSizes: batches.moreSequencesThanATile, inputs: 130, outputs: 60, kernel: 4, stride: 2, padding: 'causal' },
];

function paddingOf(padding: Shape['padding']) {
  if (typeof padding === 'string') return { ...named[padding], front: 0 };
  const [front, behind] = padding;
  const outputs = (length: number, reach: number, stride: number) =>
    Math.floor((length + front + behind - reach) / stride) + 1;
  return { code: 3, front, outputs };
}

function batchSizesOf(lengths: readonly number[]): number[] {
  return Array.from({ length: Math.max(...lengths) }, (_, step) => lengths.filter((length) => step < length).length);
}

function problemsOf(shape: Shape): Problem[] {
  const { inputs, outputs, kernel, padding, stride = 1, dilation = 1, groups = 1, bias = false, context = 0 } = shape;
  const ofX = shape.batchSizes;
  const lengths = Array.from({ length: sequenceCount(ofX) }, (_, b) => ofX.filter((alive) => b < alive).length);
  const reach = (kernel - 1) * dilation + 1;
  const { code, front, outputs: count } = paddingOf(padding);
  const ofY = batchSizesOf(lengths.map((length) => count(length, reach, stride)));
  const title =
    `${typeof padding === 'string' ? padding : `zeros ${padding}`}, kernel ${kernel}, ${inputs} to ${outputs}, ${groups} groups, stride ${stride}, dilation ${dilation}, ` +
    `${rowCount(ofX)} rows${context > 0 ? `, ${context} steps of context` : ''}${shape.samples ? ', other orders' : ''}`;
  const random = operandsFor(title);
  const width = (kernel * inputs) / groups;
  const w = random.matrix(outputs, width);
  const x = random.matrix(rowCount(ofX), inputs);
  const dy = random.matrix(rowCount(ofY), outputs);
  const b = bias ? { b: random.matrix(1, outputs) } : {};
  const h0 = context > 0 ? { h0: random.matrix(sequenceCount(ofX), context * inputs) } : {};
  const attributes = { groups, stride, dilation, padding: code, front };
  const [samplesOfX, samplesOfY] = shape.samples ?? [];
  const own = (batchSizes: readonly number[], samples: readonly number[] | undefined) => ({
    batchSizes,
    ...(samples && { samples }),
  });
  const other = (otherBatchSizes: readonly number[], otherSamples: readonly number[] | undefined) => ({
    otherBatchSizes,
    ...(otherSamples && { otherSamples }),
  });
  const onY = { ...own(ofY, samplesOfY), ...other(ofX, samplesOfX) };
  const onX = { ...own(ofX, samplesOfX), ...other(ofY, samplesOfY) };
  return [
    {
      name: `convolution, ${title}`,
      operation: 'convolution',
      operands: { x, w, ...b, ...h0 },
      attributes,
      terms: width + 1,
      ...onY,
    },
    {
      name: `convolutionInputGradient, ${title}`,
      operation: 'convolutionInputGradient',
      operands: { dy, w },
      attributes,
      extents: { I: inputs, ...(context > 0 && { S: context * inputs }) },
      terms: (kernel * outputs) / groups,
      scales: { dh0: 1 },
      ...onX,
    },
    {
      name: `convolutionWeightGradient, ${title}`,
      operation: 'convolutionWeightGradient',
      operands: { dy, x, ...h0 },
      attributes,
      extents: { J: width },
      terms: rowCount(ofY),
      scales: { dW: Math.sqrt(rowCount(ofY) / 9) },
      ...onY,
    },
  ];
}

function contexts(batchSizes: readonly number[], columns: number, steps: number): Problem {
  const title = `lastSteps, ${rowCount(batchSizes)} rows, ${columns} columns, ${steps} steps`;
  const random = operandsFor(title);
  const x = random.matrix(rowCount(batchSizes), columns);
  const h0 = random.matrix(sequenceCount(batchSizes), steps * columns);
  return { name: title, operation: 'lastSteps', operands: { x, h0 }, batchSizes, terms: 1 };
}

/** Every padding, with stride, dilation, groups and context, and the steps that are left for what follows. */
export const convolutionProblems: readonly Problem[] = [
  ...shapes.flatMap(problemsOf),
  ...[1, 3, 12].map((steps) => contexts(ragged, 3, steps)),
  contexts([1], 70, 2),
];
