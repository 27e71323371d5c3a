/** Operations that join the steps of each sequence, or give something to each of them, and those between time axes. */
import type { Value } from '../../graph/value.js';
import type { Emission, Emitters } from './emission.js';
import { int } from './onnx-graph.js';

/** An end behind that of any dimension. */
const MOST = 2 ** 31 - 1;

/** Places in [steps, batch, columns] of one step of each sequence: [..., batch, 2]. @param steps int64 [..., batch] */
function placesOf(operation: Emission, axis: string, steps: string, rank: 1 | 2): string {
  const { onnx, axes } = operation;
  const sequences = axes.sequences(axis);
  const repeated = rank === 1 ? sequences : onnx.emit('Expand', [sequences, onnx.emit('Shape', [steps])]);
  return onnx.concatenate([onnx.unsqueeze(steps, rank), onnx.unsqueeze(repeated, rank)], rank);
}

function lastStep(operation: Emission): Record<string, string> {
  const { onnx, axes } = operation;
  const axis = operation.axisOf(operation.value('x'));
  const lengths = axes.lengths(axis);
  const x = operation.tensor('x');
  if (lengths === undefined) return { y: onnx.emit('Gather', [x, onnx.int(-1)], { axis: int(0) }) };
  const steps = onnx.emit('Sub', [lengths, onnx.ints(1)]);
  return { y: onnx.emit('GatherND', [x, placesOf(operation, axis, steps, 1)]) };
}

/** The context [batch, steps * columns] of a convolution as steps: [steps, batch, columns]. */
export function contextSteps(operation: Emission, context: string, columns: number): string {
  const { onnx } = operation;
  return onnx.transpose(onnx.emit('Reshape', [context, onnx.ints(0, -1, columns)]), 1, 0, 2);
}

/** The last steps of the context and of the sequence behind it, as many as the context has. */
function lastSteps(operation: Emission): Record<string, string> {
  const { onnx, axes } = operation;
  const [x, h0] = [operation.value('x'), operation.value('h0')];
  const axis = operation.axisOf(x);
  const count = h0.columns / x.columns;
  const context = contextSteps(operation, operation.tensor('h0'), x.columns);
  const all = onnx.concatenate([context, operation.tensor('x')], 0);
  const lengths = axes.lengths(axis);
  const flat = (steps: string) => onnx.emit('Reshape', [onnx.transpose(steps, 1, 0, 2), onnx.ints(0, h0.columns)]);
  if (lengths === undefined) return { hT: flat(onnx.slice(all, 0, -count, MOST)) };
  const steps = onnx.emit('Add', [onnx.unsqueeze(axes.range(onnx.ints(count)), 1), onnx.unsqueeze(lengths, 0)]);
  return { hT: flat(onnx.emit('GatherND', [all, placesOf(operation, axis, steps, 2)])) };
}

function sumOverTime(operation: Emission): Record<string, string> {
  const { onnx, axes } = operation;
  const axis = operation.axisOf(operation.value('x'));
  const sum = onnx.sum(axes.masked(axis, operation.tensor('x')), [0]);
  return { y: operation.attribute('mean') === 0 ? sum : onnx.emit('Div', [sum, axes.realLengths(axis)]) };
}

function repeatOverTime(operation: Emission): Record<string, string> {
  const { onnx, axes } = operation;
  const axis = operation.axisOf(operation.value('x'));
  const sizes = onnx.concatenate([axes.steps(axis), onnx.ints(1, 1)], 0);
  const repeated = onnx.emit('Expand', [onnx.unsqueeze(operation.tensor('x'), 0), sizes]);
  return { y: operation.attribute('mean') === 0 ? repeated : onnx.emit('Div', [repeated, axes.realLengths(axis)]) };
}

/** The scores of queries and keys, [batch, queries, keys], as weights: those of keys behind the end are 0. */
function weightsOf(operation: Emission, scores: string): string {
  const { onnx, axes } = operation;
  const mask = axes.mask(operation.axisOf(operation.value('key')));
  const lowest = onnx.float(-3.4028234663852886e38);
  const valid = mask === undefined ? scores : onnx.emit('Where', [onnx.transpose(mask, 1, 2, 0), scores, lowest]);
  return onnx.emit('Softmax', [valid], { axis: int(-1) });
}

function dotScores(operation: Emission): string {
  const { onnx } = operation;
  const query = onnx.transpose(operation.tensor('query'), 1, 0, 2);
  const key = onnx.transpose(operation.tensor('key'), 1, 2, 0);
  const scale = operation.attribute('scale');
  const scores = onnx.emit('MatMul', [query, key]);
  return scale === 1 ? scores : onnx.emit('Mul', [scores, onnx.float(scale)]);
}

function additiveScores(operation: Emission): string {
  const { onnx } = operation;
  const query = onnx.unsqueeze(onnx.transpose(operation.tensor('query'), 1, 0, 2), 2);
  const key = onnx.unsqueeze(onnx.transpose(operation.tensor('key'), 1, 0, 2), 1);
  const sums = onnx.emit('Tanh', [onnx.emit('Add', [query, key])]);
  return onnx.emit('MatMul', [sums, operation.tensor('v')]);
}

/** The sum of the values by the weights, [queries, batch, columns]. What stands behind the end could be no number. */
function contextOf(operation: Emission, scores: string): Record<string, string> {
  const { onnx, axes } = operation;
  const value = axes.masked(operation.axisOf(operation.value('value')), operation.tensor('value'));
  const context = onnx.emit('MatMul', [weightsOf(operation, scores), onnx.transpose(value, 1, 0, 2)]);
  return { context: onnx.transpose(context, 1, 0, 2) };
}

/** The weights of the first steps, [queries, batch, steps]; 0 where there are fewer. */
function shownWeights(operation: Emission, scores: string): Record<string, string> {
  const { onnx } = operation;
  const { columns } = operation.output('weights') as Value;
  const padded = onnx.emit('Pad', [weightsOf(operation, scores), onnx.ints(0, 0, 0, 0, 0, columns), onnx.float(0)]);
  return { weights: onnx.transpose(onnx.slice(padded, 2, 0, columns), 1, 0, 2) };
}

/** The mean square of the change from step to step, over all changes of all sequences; 0 where there is none. */
function temporalDifference(operation: Emission): Record<string, string> {
  const { onnx, axes } = operation;
  const x = operation.value('x');
  const axis = operation.axisOf(x);
  const steps = operation.tensor('x');
  const change = onnx.emit('Sub', [onnx.slice(steps, 0, 1, MOST), onnx.slice(steps, 0, 0, -1)]);
  const mask = axes.mask(axis);
  const valid = mask === undefined ? change : onnx.emit('Where', [onnx.slice(mask, 0, 1, MOST), change, onnx.float(0)]);
  const squares = onnx.unsqueeze(onnx.sum(onnx.emit('Mul', [valid, valid]), [0, 1, 2]), 0);
  const lengths = axes.lengths(axis);
  const counts = lengths ?? onnx.emit('Expand', [axes.steps(axis), axes.batch(axis)]);
  const changes = onnx.sum(onnx.emit('Sub', [counts, onnx.ints(1)]), [0], true);
  const count = onnx.emit('Cast', [onnx.emit('Max', [changes, onnx.ints(1)])], { to: int(1) });
  return { loss: onnx.emit('Div', [squares, onnx.emit('Mul', [count, onnx.float(x.columns)])]) };
}

/** Emitters of the operations over time. */
export const timeEmitters: Emitters = {
  firstStep: (operation) => ({
    y: operation.emit('Gather', [operation.tensor('x'), operation.onnx.int(0)], { axis: int(0) }),
  }),
  lastStep,
  lastSteps,
  maxOverTime: (operation) => {
    const { onnx, axes } = operation;
    const axis = operation.axisOf(operation.value('x'));
    return { y: onnx.largest(axes.masked(axis, operation.tensor('x'), Number.NEGATIVE_INFINITY), 0) };
  },
  sumOverTime,
  repeatOverTime,
  multiplySequence: (operation) => ({ y: operation.emit('Mul', [operation.tensor('x'), operation.tensor('mask')]) }),
  // Every sequence has the same place on all axes.
  gatherSequences: (operation) => ({ y: operation.tensor('x') }),
  attention: (operation) => contextOf(operation, dotScores(operation)),
  additiveAttention: (operation) => contextOf(operation, additiveScores(operation)),
  attentionWeights: (operation) => shownWeights(operation, dotScores(operation)),
  additiveAttentionWeights: (operation) => shownWeights(operation, additiveScores(operation)),
  temporalDifference,
};
