/** Problems of the gradients of recurrent weights, biases and peepholes: sums over all rows of a packed batch. */
import { type Matrix, mapElements } from '../../oracle/matrix.js';
import { rowCount, sequenceCount } from '../../oracle/packed.js';
import { batches, operandsFor, type Problem } from './problem.js';

const shapes = [
  { name: 'one step of one sequence', batchSizes: batches.oneStepOfOneSequence, units: 1, initial: true },
  { name: 'one step', batchSizes: batches.oneStep, units: 7, initial: false },
  { name: 'one sequence', batchSizes: batches.oneSequence, units: 3, initial: true },
  { name: 'all lengths different', batchSizes: batches.allLengthsDifferent, units: 17, initial: true },
  { name: 'more units than a panel', batchSizes: batches.moreSequencesThanATile, units: 70, initial: false },
  { name: '600 rows', batchSizes: batches.sixHundredRows, units: 33, initial: true },
] as const;

type Shape = (typeof shapes)[number];

/** How a pass went through time, and whether it hid states from the recurrent product. */
interface Pass {
  readonly reverse: number;
  readonly mask: boolean;
}

const plain: Pass = { reverse: 0, mask: false };
const passes: readonly Pass[] = [
  plain,
  { reverse: 1, mask: false },
  { reverse: 0, mask: true },
  { reverse: 1, mask: true },
];

/** The plain pass at every size; the others where lengths differ, where tiles are left over and in several blocks. */
const cases = shapes.flatMap((shape) => {
  const isLarge = rowCount(shape.batchSizes) > 15;
  return (isLarge ? passes : [plain]).map((pass) => ({ shape, pass }));
});

function describe(operation: string, shape: Shape, { reverse, mask }: Pass) {
  const { batchSizes, units, initial } = shape;
  const how = `${mask ? ', a mask' : ''}${reverse === 1 ? ', reversed' : ''}`;
  const name = `${operation}, ${shape.name}, ${units} units, ${initial ? 'an' : 'no'} initial state${how}`;
  const random = operandsFor(name);
  const [rows, sequences] = [rowCount(batchSizes), sequenceCount(batchSizes)];
  const bits = () => mapElements(random.matrix(sequences, units), (value) => (value > 0 ? 1.25 : 0));
  const states: Record<string, Matrix> = {
    y: random.matrix(rows, units),
    ...(initial ? { h0: random.matrix(sequences, units) } : {}),
    ...(mask ? { mask: bits() } : {}),
  };
  return { problem: { name, batchSizes, terms: rows, attributes: { reverse } }, random, rows, units, states };
}

function stateWeightGradient(shape: Shape, pass: Pass, gates: number): Problem {
  const { problem, random, rows, units, states } = describe(`stateWeightGradient of ${gates} gates`, shape, pass);
  const operands = { da: random.matrix(rows, gates * units), ...states };
  return { ...problem, operation: 'stateWeightGradient', operands };
}

/** With the gradient of the input's weights, which stand beside those of the state in one product. */
function bothWeightGradients(shape: Shape, pass: Pass, inputs: number): Problem {
  const { problem, random, rows, units, states } = describe(`stateWeightGradient with ${inputs} inputs`, shape, pass);
  const operands = { da: random.matrix(rows, 4 * units), ...states, x: random.matrix(rows, inputs) };
  return { ...problem, operation: 'stateWeightGradient', operands };
}

/** The gates of a projected cell are of another width than its state. */
function projectedWeightGradient(shape: Shape, pass: Pass): Problem {
  const { problem, random, rows, states } = describe('stateWeightGradient of 10 gate rows', shape, pass);
  return { ...problem, operation: 'stateWeightGradient', operands: { da: random.matrix(rows, 10), ...states } };
}

function gruWeightGradient(shape: Shape, pass: Pass, resetAfter: number): Problem {
  const operation = 'gruWeightGradient';
  const described = describe(`${operation} with resetAfter ${resetAfter}`, shape, pass);
  const { problem, random, rows, units, states } = described;
  const operands = { da: random.matrix(rows, 3 * units), s_or_ds: random.matrix(rows, units), ...states };
  return { ...problem, operation, operands, attributes: { ...problem.attributes, resetAfter } };
}

function gruBiasGradient(shape: Shape): Problem {
  const { problem, random, rows, units } = describe('gruBiasGradient', shape, plain);
  const operands = { da: random.matrix(rows, 3 * units), ds: random.matrix(rows, units) };
  return { ...problem, operation: 'gruBiasGradient', operands, attributes: {} };
}

function peepholeGradient(shape: Shape, reverse: number, coupled: boolean): Problem {
  const operation = coupled ? 'coupledPeepholeGradient' : 'peepholeGradient';
  const { problem, random, rows, units, states } = describe(operation, shape, { reverse, mask: false });
  const { y: c, h0: c0 } = states;
  const operands = { da: random.matrix(rows, (coupled ? 3 : 4) * units), c, seen: random.matrix(rows, units), c0 };
  return { ...problem, operation, operands };
}

/** All operations at every size. */
export const stateGradientProblems: readonly Problem[] = [
  ...cases.flatMap(({ shape, pass }) => [
    stateWeightGradient(shape, pass, 1),
    stateWeightGradient(shape, pass, 4),
    projectedWeightGradient(shape, pass),
    bothWeightGradients(shape, pass, 1),
    bothWeightGradients(shape, pass, 43),
    gruWeightGradient(shape, pass, 0),
    gruWeightGradient(shape, pass, 1),
  ]),
  ...shapes.flatMap((shape) => [
    gruBiasGradient(shape),
    ...[0, 1].flatMap((reverse) => [peepholeGradient(shape, reverse, false), peepholeGradient(shape, reverse, true)]),
  ]),
];
