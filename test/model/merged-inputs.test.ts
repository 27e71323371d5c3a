import { describe, expect, it } from 'vitest';
import { packExamples } from '../../src/batch/example-packing.js';
import { ShapeError } from '../../src/core/errors.js';
import { checkGradients } from '../../src/model/check/check-gradients.js';
import { type NetworkDescription, network, networkFromJSON } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { add, average, type MergeDescription, multiply, sum } from '../../src/network/layers/layers.js';
import { gru } from '../../src/network/layers/recurrent.js';
import { imageOf, randomNumbers } from './small-models.js';

const WIDTH = 3;

const merges: readonly (readonly [MergeDescription, (values: readonly number[]) => number])[] = [
  [add(), (values) => values.reduce((a, b) => a + b)],
  [sum(), (values) => values.reduce((a, b) => a + b)],
  [multiply(), (values) => values.reduce((a, b) => a * b)],
  [average(), (values) => values.reduce((a, b) => a + b) / values.length],
];

/** Steps, a row for each sequence, and one that comes from another time axis; both axes order the sequences differently. */
const inputs = {
  input: { kind: 'features', units: WIDTH },
  speaker: { kind: 'features', units: WIDTH, per: 'sequence' },
  source: { kind: 'features', units: WIDTH, axis: 'source' },
  title: { kind: 'features', units: WIDTH, axis: 'source', per: 'sequence' },
} as const;

const examples = (join?: (values: readonly number[]) => number) =>
  [
    [2, 4],
    [5, 1],
    [1, 3],
  ].map(([steps = 0, sourceSteps = 0], index) => {
    const [input, speaker, title] = [steps, 1, 1].map((rows, at) => randomNumbers(rows * WIDTH, 10 * index + at));
    const values = { input, speaker, title } as { input: Float32Array; speaker: Float32Array; title: Float32Array };
    const source = randomNumbers(sourceSteps * WIDTH, 100 + index);
    const target = values.input.map((value, at) => {
      const column = at % WIDTH;
      return join?.([value, values.speaker[column] as number, values.title[column] as number]) ?? value;
    });
    return { ...values, source, target };
  });

const batchOf = (join?: (values: readonly number[]) => number) =>
  packExamples(examples(join), {
    inputs: {
      input: { width: WIDTH },
      speaker: { per: 'sequence', width: WIDTH },
      source: { axis: 'source', width: WIDTH },
      title: { axis: 'source', per: 'sequence', width: WIDTH },
    },
    targets: { target: { width: WIDTH } },
  });

const described = (layer: MergeDescription, names: readonly string[]): NetworkDescription => ({
  inputs,
  nodes: [
    { name: 'encoder', layer: gru({ units: WIDTH }), inputs: ['source'] },
    { name: 'steps', layer: dense({ units: WIDTH }), inputs: ['input'] },
    { name: 'joined', layer, inputs: names },
  ],
  output: 'joined',
});

const compiled = (layer: MergeDescription, names: readonly string[]) =>
  network(described(layer, names)).compileSync({ loss: 'meanSquaredError', threads: 1, seed: 5 });

describe.each(merges)('the layer $kind', (layer, join) => {
  it('joins any number of inputs, those of sequences and of another axis at every step', () => {
    const model = compiled(layer, ['input', 'speaker', 'title']);
    const batch = batchOf(join);
    const expected = batch.targets?.['target'] as Float32Array;
    const actual = model.predictPackedSync(batch);
    expect(actual).toHaveLength(expected.length);
    for (const [at, value] of expected.entries()) expect(actual[at]).toBeCloseTo(value, 5);
  });

  it('of one input is that input', () => {
    const batch = batchOf();
    expect(compiled(layer, ['input']).predictPackedSync(batch)).toEqual(batch.inputs['input']);
  });

  it.each([
    ['two layers', ['steps', 'input']],
    ['a layer twice', ['steps', 'steps']],
    ['a row for each sequence first', ['speaker', 'steps']],
    ['a state of another axis', ['steps', 'encoder.h_l0', 'title', 'speaker']],
  ])('has the gradients of central differences: %s', (_, names) => {
    const report = checkGradients(compiled(layer, names), batchOf());
    expect(report.failures).toEqual([]);
    expect(report.operands.map(({ name }) => name)).toContain('steps.weight');
  });

  it('survives JSON: the same description, the same outputs', () => {
    const description = described(layer, ['steps', 'encoder.h_l0']);
    const made = network(description);
    const restored = networkFromJSON(JSON.parse(JSON.stringify(made.description)));
    expect(restored.description).toEqual(made.description);
    const [one, other] = [made, restored].map((each) => each.compileSync({ seed: 5, threads: 1 }));
    expect(imageOf(other as never)).toEqual(imageOf(one as never));
    expect(other?.predictPackedSync(batchOf())).toEqual(one?.predictPackedSync(batchOf()));
  });

  it('refuses inputs of different widths', () => {
    const wide = { name: 'wide', layer: dense({ units: WIDTH + 1 }), inputs: ['input'] };
    const joined = { name: 'joined', layer, inputs: ['input', 'wide'] };
    const make = () => network({ inputs, nodes: [wide, joined], output: 'joined' }).compileSync();
    expect(make).toThrow(ShapeError);
    expect(make).toThrow(expect.objectContaining({ code: 'shape_mismatch' }));
  });
});

it('add and sum are the same numbers', () => {
  const names = ['steps', 'encoder.h_l0'];
  expect(compiled(add(), names).predictPackedSync(batchOf())).toEqual(
    compiled(sum(), names).predictPackedSync(batchOf()),
  );
});
