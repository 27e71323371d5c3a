import { describe, expect, it } from 'vitest';
import { conv1d } from '../../src/network/layers/conv1d.js';
import { float32Epsilon, tolerance } from '../oracle/tolerance.js';
import { expectAgreement } from './agreement.js';
import { LayerProgram } from './layer-program.js';
import { type Golden, type GoldenTensor, loadGoldens } from './load.js';

/** Weights [O, I, K] as the layer has them, [O, K, I]. */
function exchanged({ shape, data }: GoldenTensor): GoldenTensor {
  const [outputs = 0, inputs = 0, taps = 0] = shape;
  const swapped = new Float32Array(data.length);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let tap = 0; tap < taps; tap++) {
        swapped[(o * taps + tap) * inputs + i] = data[(o * inputs + i) * taps + tap] as number;
      }
    }
  }
  return { shape: [outputs, taps * inputs], data: swapped };
}

function layerOf({ options }: Golden<'convolution'>) {
  const { kernel: kernelSize, units, stride, dilation, groups, padding, bias } = options;
  return conv1d({ units, kernelSize, stride, dilation, groups, padding, bias });
}

function run(golden: Golden<'convolution'>, precision: 'float32' | 'float64', threads: number): LayerProgram {
  const { inputs, kernel, dilation, stride, padding } = golden.options;
  const batchSizes = golden.int32('batchSizes');
  const program = new LayerProgram(layerOf(golden), inputs, batchSizes, { precision, threads });
  program.write('x', golden.float32('x'));
  program.write('weight', exchanged(golden.tensor('weight')).data);
  if (golden.inputs.has('bias')) program.write('bias', golden.float32('bias'));
  const context = (batchSizes[0] as number) * (kernel - 1) * dilation * inputs;
  if (padding === 'causal' && stride === 1) {
    program.write('context/initial', golden.inputs.has('h0') ? golden.float32('h0') : new Float32Array(context));
  }
  program.write('upstream/y', golden.float32('dy'));
  program.run();
  return program;
}

describe.each(loadGoldens('convolution').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  const names = new Map([['gradient/h0', 'gradient/context/initial']]);

  it.each([
    ['float32', 1],
    ['float32', 3],
    ['float64', 1],
  ] as const)(
    'gives the output and all gradients of PyTorch for each sequence in %s on %i threads',
    (precision, threads) => {
      const program = run(golden, precision, threads);
      const { kernel, inputs, units } = golden.options;
      const rows = golden.tensor('y').shape[0] as number;
      for (const [name, tensor] of golden.results) {
        const terms = name === 'y' ? kernel * inputs : Math.max(rows, kernel * units);
        const relative = precision === 'float64' ? float32Epsilon / 2 : tolerance({ terms, backward: name !== 'y' });
        const expected = name === 'gradient/weight' ? exchanged(tensor) : tensor;
        expectAgreement(name, program.read(names.get(name) ?? name), expected, relative);
      }
      expect(golden.results.size).toBe(golden.inputs.size - 1);
    },
  );
});
