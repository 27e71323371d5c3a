import { describe, expect, it } from 'vitest';
import { executionSizes } from '../../src/batch/axes.js';
import { packedAxes } from '../../src/batch/check-axes.js';
import { differentiate } from '../../src/graph/gradients.js';
import type { Value } from '../../src/graph/value.js';
import { buildForward } from '../../src/model/build/build-forward.js';
import { ParameterLayout } from '../../src/model/build/parameters.js';
import type { NetworkDescription } from '../../src/network/description.js';
import { emitLoss } from '../../src/network/losses/losses.js';
import { CompiledProgram } from '../../src/program/program.js';
import { emptyBlocks } from '../golden/blocks.js';
import { RandomOperands } from '../oracle/random-matrix.js';
import { ATTENTIONS, encoderDecoder, pairBatch, raggedPairs } from './encoder-decoder-models.js';

/** Gives every parameter the room of numbers in double precision. */
class DoubleLayout extends ParameterLayout {
  override place(...request: Parameters<ParameterLayout['place']>): number {
    return 2 * super.place(...request);
  }
}

/** Change of a parameter: the error of a central difference is about STEP^2 and 2^-52 / STEP, 1e-10 both. */
const STEP = 2 ** -17;

/** Largest error, relative to the derivative or to the root mean square of all gradients of the parameter. */
const TOLERANCE = 1e-6;

const batch = pairBatch(raggedPairs());
const axes = packedAxes(batch, ['time', 'source']);
const capacities = new Map(
  [...axes].map(([name, { batchSizes, rows }]) => {
    return [name, { steps: batchSizes.length, batch: batchSizes[0] as number, rows }] as const;
  }),
);

/** The loss of a network in double precision, and its gradients by parameter. */
function lossOf(description: NetworkDescription) {
  const layout = new DoubleLayout();
  const { graph, results, parameters, initialStates } = buildForward(description, layout, { training: true });
  const { loss } = emitLoss(graph, 'softmaxCrossEntropy', results.get('output') as Value);
  const one = graph.external('one', 1, 1);
  const found = differentiate(graph, [{ value: loss, gradient: one }], parameters);
  const gradients = new Map(parameters.map((parameter) => [parameter, found.get(parameter.id) as Value]));
  const blocks = emptyBlocks(2 * layout.bytes);
  const outputs = [loss, ...gradients.values()];
  const program = new CompiledProgram(graph, { outputs, axes: capacities, blocks, threads: 1, precision: 'float64' });
  const memory = new Map(
    parameters.map(({ name, offset, rows, columns }) => {
      const { buffer, byteOffset } = blocks.parameter;
      return [
        name as string,
        new Float64Array(buffer, byteOffset + (offset ?? 0), (rows as number) * columns),
      ] as const;
    }),
  );
  const run = () => {
    program.integers('source').set(batch.inputs['source'] as Int32Array);
    program.integers('previous').set(batch.inputs['previous'] as Int32Array);
    program.integers('target').set(batch.targets?.['target'] as Int32Array);
    program.real('one').fill(1);
    for (const name of initialStates.keys()) program.real(`state/${name}`).fill(0);
    const { batchSizes, samples } = executionSizes(axes);
    program.execute(batchSizes, false, samples);
    return program.real(loss)[0] as number;
  };
  return { run, memory, gradientOf: (name: string) => gradientNamed(program, gradients, name) };
}

function gradientNamed(program: CompiledProgram, gradients: ReadonlyMap<Value, Value>, name: string): Float64Array {
  const [, gradient] = [...gradients].find(([parameter]) => parameter.name === name) as [Value, Value];
  return Float64Array.from(program.real(gradient));
}

const cases = [
  ...ATTENTIONS.map(([name, attention]) => [`${name} attention`, encoderDecoder({ attention, units: 4 })] as const),
  ['LSTM cells', encoderDecoder({ cell: 'lstm', units: 4 })] as const,
  ['tied weights', encoderDecoder({ tied: true, units: 4 })] as const,
];

describe('the gradient of the loss of an encoder-decoder', () => {
  it.each(cases)('is what central differences give for every parameter: %s', (_, { description }) => {
    const { run, memory, gradientOf } = lossOf(description);
    const random = new RandomOperands(7);
    for (const numbers of memory.values())
      for (const index of numbers.keys()) numbers[index] = random.number(-0.7, 0.7);
    run();
    const gradients = new Map([...memory.keys()].map((name) => [name, gradientOf(name)]));
    expect(gradients.size).toBeGreaterThan(12);
    for (const [name, numbers] of memory) {
      const gradient = gradients.get(name) as Float64Array;
      const change = Float64Array.from(numbers, () => random.number());
      const before = numbers.slice();
      const lossAt = (step: number) => {
        numbers.set(before.map((value, index) => value + step * (change[index] as number)));
        return run();
      };
      const numerical = (lossAt(STEP) - lossAt(-STEP)) / (2 * STEP);
      numbers.set(before);
      const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
      const analytic = dot(gradient, change);
      const size = Math.sqrt((dot(gradient, gradient) / gradient.length) * dot(change, change));
      expect(size, name).toBeGreaterThan(0);
      const limit = Math.max(TOLERANCE * Math.max(Math.abs(numerical), size), 2 ** -33);
      expect(Math.abs(analytic - numerical), name).toBeLessThanOrEqual(limit);
    }
  });
});
