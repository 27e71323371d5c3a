import { describe, expect, it } from 'vitest';
import { columnConvolution } from '../../../src/entries/operations.js';
import { type ColumnConvolutionOptions, checkGradients, network } from '../../../src/index.js';

/** The convolution of one row by its definition. */
function byDefinition(
  row: readonly number[],
  weight: Float32Array,
  bias: Float32Array,
  options: ColumnConvolutionOptions,
) {
  const { units, channels, kernelSize, stride = 1, dilation = 1, groups = 1, padding = [0, 0] } = options;
  const positions = row.length / channels + padding[0] + padding[1];
  const at = (position: number, channel: number) => row[(position - padding[0]) * channels + channel] ?? 0;
  const inside = (position: number) => position >= padding[0] && position < padding[0] + row.length / channels;
  const each = channels / groups;
  const outputs: number[] = [];
  for (let begin = 0; begin + (kernelSize - 1) * dilation < positions; begin += stride) {
    for (let unit = 0; unit < units; unit++) {
      const group = Math.floor(unit / (units / groups));
      let sum = bias[unit] ?? 0;
      for (let tap = 0; tap < kernelSize; tap++) {
        for (let channel = 0; channel < each; channel++) {
          const position = begin + tap * dilation;
          const x = inside(position) ? at(position, group * each + channel) : 0;
          sum += x * (weight[(unit * kernelSize + tap) * each + channel] as number);
        }
      }
      outputs.push(sum);
    }
  }
  return outputs;
}

const cases: readonly (ColumnConvolutionOptions & { readonly positions: number })[] = [
  { positions: 5, units: 3, channels: 2, kernelSize: 1 },
  { positions: 7, units: 2, channels: 3, kernelSize: 3, stride: 2 },
  { positions: 6, units: 4, channels: 2, kernelSize: 2, dilation: 3, groups: 2 },
  { positions: 4, units: 2, channels: 1, kernelSize: 3, stride: 2, padding: [1, 1] },
  { positions: 3, units: 6, channels: 6, kernelSize: 2, groups: 3, padding: [0, 2], bias: false },
];

describe('a convolution of columns', () => {
  it.each(cases)('is that of its definition, with its gradient: %j', async ({ positions, ...options }) => {
    const columns = positions * options.channels;
    const described = network({
      inputs: { input: { kind: 'features', units: columns } },
      nodes: [{ name: 'windows', layer: columnConvolution(options), inputs: ['input'] }],
      output: 'windows',
    });
    const model = await described.compile({ loss: 'meanSquaredError', initializer: 'uniform:1', seed: 3 });
    const rows = [0, 1, 2].map((row) => Array.from({ length: columns }, (_, at) => Math.sin(1 + row * 17 + at * 2)));
    const [result] = await model.predict([rows]);
    const weight = model.parameters.get('windows.weight')?.data as Float32Array;
    const bias = model.parameters.get('windows.bias')?.data ?? new Float32Array(options.units);
    const expected = rows.flatMap((row) => byDefinition(row, weight, bias, options));
    expect(result).toHaveLength(expected.length);
    for (const [at, value] of expected.entries()) expect((result as Float32Array)[at]).toBeCloseTo(value, 5);
    const targets = [rows.map((_, row) => Array.from({ length: expected.length / 3 }, (_, at) => Math.cos(row + at)))];
    expect(checkGradients(model, { inputs: [rows], targets }).passed).toBe(true);
    model.dispose();
  });

  it.each([
    [{ units: 0, channels: 1, kernelSize: 1 }, 'invalid_option'],
    [{ units: 3, channels: 2, kernelSize: 1, groups: 2 }, 'invalid_option'],
    [{ units: 3, channels: 2, kernelSize: 1, padding: [1] }, 'invalid_option'],
    [{ units: 3, channels: 2, kernelSize: 1, units2: 1 }, 'unknown_option'],
  ])('refuses %j', (options, code) => {
    expect(() => columnConvolution(options as never)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses columns that are no whole positions, or too few', async () => {
    const of = (columns: number) =>
      network({
        inputs: { input: { kind: 'features', units: columns } },
        nodes: [
          { name: 'windows', layer: columnConvolution({ units: 1, channels: 2, kernelSize: 3 }), inputs: ['input'] },
        ],
        output: 'windows',
      }).compile({ loss: 'meanSquaredError' });
    await expect(of(7)).rejects.toMatchObject({ code: 'shape_mismatch' });
    await expect(of(4)).rejects.toMatchObject({ code: 'shape_mismatch' });
  });
});
