/** Distributions that initial values are drawn from, and which of them each name means for each kind of parameter. */
import type { Random } from '../../core/random.js';
import type { DistributionName } from './initializer-scheme.js';
import { orthogonal } from './orthogonal.js';

/** What a parameter is for. `projection` is an LSTM's matrix from its units to its smaller output. */
export type ParameterRole =
  | 'embedding'
  | 'input'
  | 'recurrent'
  | 'inputBias'
  | 'recurrentBias'
  | 'dense'
  | 'denseBias'
  | 'gain'
  | 'shift'
  | 'peephole'
  | 'projection';

/** A parameter to be filled: row-major [rows, columns]. */
export interface ParameterShape {
  readonly role: ParameterRole;
  readonly rows: number;
  readonly columns: number;
  /** Inputs that one output sums over. */
  readonly fanIn: number;
  /** Outputs that one input has a part in; default the rows, of one gate or, for `keras`, of all. */
  readonly fanOut?: number;
  /** Hidden units of the cell, for recurrent layers. */
  readonly units: number;
  /** Gates of the cell that are stacked in the rows. */
  readonly gates: number;
  /** Position of the forget gate among them, or -1. */
  readonly forgetGate: number;
  /** Added to the forget gate's bias, in place of what the scheme adds. */
  readonly forgetBias?: number | undefined;
}

/** Fills a parameter. `number` is that of the distribution: limit, deviation, gain or scale; 1 where it has none. */
export type Fill = (out: Float32Array, shape: ParameterShape, random: Random, number: number) => void;

/** The deviation of weights that are not recurrent, where those are the identity (Le, Jaitly, Hinton 2015). */
const BESIDE_IDENTITY = 0.001;

function uniform(out: Float32Array, limit: number, random: Random): void {
  for (let e = 0; e < out.length; e++) out[e] = (2 * random.uniform() - 1) * limit;
}

function normal(out: Float32Array, deviation: number, random: Random): void {
  for (let e = 0; e < out.length; e++) out[e] = random.normal() * deviation;
}

/** The same deviation for every shape. */
const normalOf =
  (deviation: number): Fill =>
  (out, _shape, random) =>
    normal(out, deviation, random);

const zero: Fill = (out) => out.fill(0);

/** How many matrices lie one below the other in the rows: one for each gate in the weights of a cell. */
const gatesOf = ({ role, gates }: ParameterShape) => (role === 'input' || role === 'recurrent' ? gates : 1);

/** The limit of a uniform distribution that has the variance 2 / (inputs + outputs). */
const xavierLimit = (inputs: number, outputs: number) => Math.sqrt(6 / (inputs + outputs));

const outputsOf = (shape: ParameterShape) => shape.fanOut ?? shape.rows / gatesOf(shape);

const xavier: Fill = (out, shape, random) => uniform(out, xavierLimit(shape.columns, outputsOf(shape)), random);

/** Counts the units of all gates as outputs of one matrix. */
const xavierOfAllGates: Fill = (out, { rows, columns, fanOut = rows }, random) =>
  uniform(out, xavierLimit(columns, fanOut), random);

const xavierNormal: Fill = (out, shape, random) =>
  normal(out, Math.sqrt(2 / (shape.columns + outputsOf(shape))), random);

const he: Fill = (out, { columns }, random) => uniform(out, Math.sqrt(6 / columns), random);

const heNormal: Fill = (out, { columns }, random) => normal(out, Math.sqrt(2 / columns), random);

const orthogonalGates: Fill = (out, shape, random, gain) => {
  const gates = gatesOf(shape);
  const size = out.length / gates;
  for (let gate = 0; gate < gates; gate++) {
    orthogonal(out.subarray(gate * size, (gate + 1) * size), shape.rows / gates, shape.columns, random);
  }
  for (let e = 0; e < out.length; e++) out[e] = (out[e] as number) * gain;
};

/** One matrix of the rows of all gates, so that the squares of all gates' weights together sum to 1 in every column. */
const orthogonalOfAllGates: Fill = (out, { rows, columns }, random) => orthogonal(out, rows, columns, random);

/** The main diagonal of every gate, also where the matrix is not square. */
const identityGates: Fill = (out, shape, _random, scale) => {
  const { columns, rows } = shape;
  const height = rows / gatesOf(shape);
  out.fill(0);
  for (let begin = 0; begin < rows; begin += height) {
    for (let d = 0; d < Math.min(height, columns); d++) out[(begin + d) * columns + d] = scale;
  }
};

const byUnits: Fill = (out, { units }, random) => uniform(out, 1 / Math.sqrt(units), random);
const byInputs: Fill = (out, { fanIn }, random) => uniform(out, 1 / Math.sqrt(fanIn), random);
const withinNumber: Fill = (out, _shape, random, limit) => uniform(out, limit, random);
const withDeviation: Fill = (out, _shape, random, deviation) => normal(out, deviation, random);
/** Zeros that still carry the sign of the number drawn. */
const withoutDeviation: Fill = normalOf(0);

/** How each kind of parameter is drawn. */
type Fills = Readonly<Record<ParameterRole, Fill>>;

/** Normalisation begins by changing nothing more, whatever the distribution. */
const normalization = { gain: ((out) => out.fill(1)) as Fill, shift: zero };

const pytorch: Fills = {
  embedding: normalOf(1),
  input: byUnits,
  recurrent: byUnits,
  inputBias: byUnits,
  recurrentBias: byUnits,
  dense: byInputs,
  denseBias: byInputs,
  peephole: byUnits,
  projection: byUnits,
  ...normalization,
};

/** The fill for cells with gates; the vanilla RNN has PyTorch's. */
const whereGated =
  (fill: Fill): Fill =>
  (out, shape, random, number) =>
    (shape.gates > 1 ? fill : byUnits)(out, shape, random, number);

/** The same fill for every matrix, and zeros for the rest. */
const allMatrices = (fill: Fill): Fills => ({
  embedding: normalOf(1),
  input: fill,
  recurrent: fill,
  inputBias: zero,
  recurrentBias: zero,
  dense: fill,
  denseBias: zero,
  peephole: zero,
  projection: fill,
  ...normalization,
});

/** Every distribution by name. */
export const DISTRIBUTIONS: Readonly<Record<DistributionName, Fills>> = {
  default: {
    ...pytorch,
    input: whereGated(xavier),
    recurrent: whereGated(orthogonalGates),
    inputBias: whereGated(zero),
    recurrentBias: whereGated(zero),
    peephole: zero,
    projection: xavier,
  },
  pytorch,
  keras: {
    ...allMatrices(xavierOfAllGates),
    embedding: (out, _shape, random) => uniform(out, 0.05, random),
    recurrent: orthogonalOfAllGates,
  },
  xavier: allMatrices(xavier),
  'xavier-normal': allMatrices(xavierNormal),
  he: allMatrices(he),
  'he-normal': allMatrices(heNormal),
  orthogonal: allMatrices(orthogonalGates),
  identity: { ...allMatrices(normalOf(BESIDE_IDENTITY)), recurrent: identityGates },
  uniform: {
    embedding: withinNumber,
    input: withinNumber,
    recurrent: withinNumber,
    inputBias: withinNumber,
    recurrentBias: withinNumber,
    dense: withinNumber,
    denseBias: withinNumber,
    peephole: withinNumber,
    projection: withinNumber,
    ...normalization,
  },
  normal: {
    ...allMatrices(withDeviation),
    embedding: withDeviation,
    inputBias: withoutDeviation,
    recurrentBias: withoutDeviation,
    denseBias: withoutDeviation,
    peephole: withDeviation,
  },
};
