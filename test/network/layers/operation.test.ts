import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { operation } from '../../../src/entries/operations.js';
import {
  activation,
  checkGradients,
  gru,
  loadModel,
  network,
  networkFromJSON,
  saveModel,
  sequential,
} from '../../../src/index.js';

const inputs = [
  [[0.5, -1.5, 2]],
  [
    [1, 2, 3],
    [-0.25, 0.5, 4],
  ],
];

async function outputOf(...layers: readonly ReturnType<typeof operation>[]) {
  const nodes = layers.map((layer, at) => ({ name: `n${at}`, layer, inputs: [at === 0 ? 'input' : `n${at - 1}`] }));
  const described = network({
    inputs: { input: { kind: 'features', units: 3 } },
    nodes,
    output: `n${layers.length - 1}`,
  });
  const model = await described.compile({ loss: 'meanSquaredError' });
  const result = await model.predict(inputs);
  model.dispose();
  return result.map((sequence) => Array.from(sequence as Float32Array, (value) => Math.fround(value)));
}

describe('a function as a layer', () => {
  it('computes the function of one value', async () => {
    expect(await outputOf(operation('negate'))).toEqual([
      [-0.5, 1.5, -2],
      [-1, -2, -3, 0.25, -0.5, -4],
    ]);
    expect(await outputOf(operation('lastStep'))).toEqual([
      [0.5, -1.5, 2],
      [-0.25, 0.5, 4],
    ]);
    expect(await outputOf(operation('slice', { begin: 1, end: 3 }))).toEqual([
      [-1.5, 2],
      [2, 3, 0.5, 4],
    ]);
    expect(await outputOf(operation('permuteColumns', { order: [2, 0, 1, 1] }))).toEqual([
      [2, 0.5, -1.5, -1.5],
      [3, 1, 2, 2, 4, -0.25, 0.5, 0.5],
    ]);
    expect(await outputOf(operation('permuteColumns', { order: [-1, 2, -1, 0] }))).toEqual([
      [0, 2, 0, 0.5],
      [0, 3, 0, 1, 0, 4, 0, -0.25],
    ]);
    expect(await outputOf(operation('permuteColumns', { order: [1, 2] }))).toEqual([
      [-1.5, 2],
      [2, 3, 0.5, 4],
    ]);
    expect(await outputOf(operation('firstStep'))).toEqual([
      [0.5, -1.5, 2],
      [1, 2, 3],
    ]);
    expect(await outputOf(operation('maxOverColumns'))).toEqual([[2], [3, 4]]);
    expect(await outputOf(operation('minOverColumns'))).toEqual([[-1.5], [1, -0.25]]);
    expect(await outputOf(operation('leakyRelu', { alpha: 0.5 }))).toEqual([
      [0.5, -0.75, 2],
      [1, 2, 3, -0.125, 0.5, 4],
    ]);
    expect(await outputOf(operation('elu', { alpha: 0 }))).toEqual([
      [0.5, -0, 2],
      [1, 2, 3, -0, 0.5, 4],
    ]);
    expect(await outputOf(operation('identity'))).toEqual([
      [0.5, -1.5, 2],
      [1, 2, 3, -0.25, 0.5, 4],
    ]);
  });

  it('takes a number as either operand', async () => {
    expect(await outputOf(operation('subtract', { number: 1 }))).toEqual([
      [-0.5, -2.5, 1],
      [0, 1, 2, -1.25, -0.5, 3],
    ]);
    expect(await outputOf(operation('subtract', { number: 1, isFirst: true }))).toEqual([
      [0.5, 2.5, -1],
      [0, -1, -2, 1.25, 0.5, -3],
    ]);
    expect(
      await outputOf(operation('divide', { number: 3, isFirst: true }), operation('power', { number: 2 })),
    ).toEqual([
      [36, 4, 2.25],
      [9, 2.25, 1, 144, 36, 0.5625],
    ]);
  });

  it('joins two nodes, and trains a row, which files keep', async () => {
    const described = network({
      inputs: { input: { kind: 'features', units: 3 } },
      nodes: [
        { name: 'gru', layer: gru({ units: 3 }), inputs: ['input'] },
        { name: 'gain', layer: operation('multiply', { row: 3 }), inputs: ['gru'] },
        { name: 'shift', layer: operation('add', { row: 3, isFirst: true }), inputs: ['gain'] },
        { name: 'sum', layer: operation('maximum'), inputs: ['shift', 'input'] },
      ],
      output: 'sum',
    });
    const model = await described.compile({ loss: 'meanSquaredError' });
    expect([...model.parameters.keys()].slice(-2)).toEqual(['gain.row', 'shift.row']);
    const targets = [
      [[0, 1, 0]],
      [
        [1, 1, 1],
        [0.5, 0, 2],
      ],
    ];
    expect(checkGradients(model, { inputs, targets }).passed).toBe(true);
    await model.trainStep({ inputs, targets });
    const file = join(mkdtempSync(join(tmpdir(), 'bptt-')), 'model.safetensors');
    await saveModel(model, file);
    const { model: loaded } = await loadModel(file);
    expect(await loaded.predict(inputs)).toEqual(await model.predict(inputs));
    expect(networkFromJSON(JSON.parse(JSON.stringify(described.description))).description).toEqual(
      described.description,
    );
  });

  it('takes columns in another order behind a layer, with a gradient, in streams and in files', async () => {
    const described = sequential(
      [
        gru({ units: 3 }),
        operation('permuteColumns', { order: [2, -1, 0, 2] }),
        operation('gelu'),
        operation('permuteColumns', { order: [1, 2, 3, 3, 0] }),
        activation('logSoftmax'),
      ],
      { features: 3 },
    );
    const model = await described.compile({ loss: 'meanSquaredError' });
    const targets = [
      [[0, 1, 0, 1, 0]],
      [
        [1, 1, 1, 0, 0],
        [0.5, 0, 2, 1, 1],
      ],
    ];
    expect(checkGradients(model, { inputs, targets }).passed).toBe(true);
    const whole = await model.predict(inputs);
    const stream = model.stream();
    const steps = (inputs[1] as number[][]).flatMap((row) => [...stream.step(Float32Array.from(row))]);
    expect(steps).toEqual([...(whole[1] as Float32Array)]);
    const json = JSON.parse(JSON.stringify(described.description));
    expect(networkFromJSON(json).description).toEqual(described.description);
  });

  it('knows the first step of a sequence from no later window, so that streams refuse it', async () => {
    const nodes = [
      { name: 'first', layer: operation('firstStep'), inputs: ['input'] },
      { name: 'sum', layer: operation('add'), inputs: ['input', 'first'] },
    ];
    const described = network({ inputs: { input: { kind: 'features', units: 3 } }, nodes, output: 'sum' });
    const model = await described.compile({ loss: 'meanSquaredError' });
    expect((await model.predict(inputs)).map((row) => [...(row as Float32Array)])).toEqual([
      [1, -3, 4],
      [2, 4, 6, 0.75, 2.5, 7],
    ]);
    expect(() => model.stream()).toThrow(expect.objectContaining({ code: 'not_streamable' }));
  });

  it.each([
    ['an unknown function', () => operation('cosine' as never), 'invalid_option'],
    ['an argument that the function does not have', () => operation('tanh', { number: 1 }), 'unknown_option'],
    ['a missing argument', () => operation('power'), 'invalid_option'],
    ['two second operands', () => operation('add', { number: 1, row: 2 }), 'invalid_option'],
    ['an empty slice', () => operation('slice', { begin: 2, end: 2 }), 'invalid_option'],
    ['columns that are none', () => operation('permuteColumns', { order: [0.5] }), 'invalid_option'],
    ['columns before the zeros', () => operation('permuteColumns', { order: [0, -2] }), 'invalid_option'],
    ['an alpha that is none', () => operation('elu', { alpha: Number.NaN }), 'invalid_option'],
    ['an alpha that the function does not have', () => operation('relu', { alpha: 1 } as never), 'unknown_option'],
  ])('refuses %s', (_, make, code) => {
    expect(make).toThrow(expect.objectContaining({ code }));
  });

  it('refuses two inputs beside a number, and columns that the input does not have', async () => {
    await expect(outputOf(operation('slice', { begin: 1, end: 9 }))).rejects.toMatchObject({ code: 'invalid_option' });
    await expect(outputOf(operation('permuteColumns', { order: [2, 3] }))).rejects.toMatchObject({
      code: 'invalid_option',
    });
    await expect(outputOf(operation('permuteColumns', { order: [3, 1] }))).rejects.toMatchObject({
      code: 'invalid_option',
    });
    const described = network({
      inputs: { input: { kind: 'features', units: 3 } },
      nodes: [{ name: 'sum', layer: operation('add', { number: 1 }), inputs: ['input', 'input'] }],
      output: 'sum',
    });
    await expect(described.compile({ loss: 'meanSquaredError' })).rejects.toMatchObject({ code: 'rank_mismatch' });
  });
});
