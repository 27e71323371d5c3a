/** Models that are written for Keras, read back, are the same models. That Keras itself loads them: golden/keras/check_exports.py. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InterchangeError, OptionError } from '../../src/core/errors.js';
import {
  batchNormalization,
  conv1d,
  dense,
  dropout,
  embedding,
  gru,
  layerNormalization,
  lstm,
  pool,
  rnn,
} from '../../src/index.js';
import { exportModel } from '../../src/interchange/export-model.js';
import { importModel } from '../../src/interchange/import-model.js';
import { inspectFile } from '../../src/interchange/inspect-file.js';
import type { Model } from '../../src/model/model.js';
import { network, sequential } from '../../src/model/network.js';
import { operation } from '../../src/network/layers/operation.js';
import { hashedWeight } from './hashed-numbers.js';
import { expectOutputs, importedFromHash, keptFile, kerasCases } from './keras-cases.js';

// With the environment variable, the files stay for check_exports.py.
const kept = process.env['BPTT_KERAS_EXPORTS'];
const folder = kept ?? mkdtempSync(path.join(tmpdir(), 'bptt-keras-export-'));
mkdirSync(folder, { recursive: true });
afterAll(() => {
  if (kept === undefined) rmSync(folder, { recursive: true });
});

describe('models written for Keras', () => {
  const cases = kerasCases();
  const outcomes = new Map<string, string>();

  it.each(cases.map((each) => [each.name, each] as const))(
    '%s is the same when it is read back, or refused by name',
    async (name, each) => {
      const { model } = await importedFromHash(each);
      const file = path.join(folder, `${name}.keras`);
      try {
        await exportModel(model, file, { to: 'keras' });
        outcomes.set(name, 'written');
      } catch (error) {
        expect((error as InterchangeError).code).toBe('not_exportable');
        outcomes.set(name, (error as Error).message.replace(/'[^']*'/, ''));
        return;
      } finally {
        model.dispose();
      }
      const back = await importModel(file);
      try {
        await expectOutputs(back, each);
      } finally {
        back.model.dispose();
      }
    },
  );

  it('are most of the goldens', () => {
    const written = [...outcomes.values()].filter((outcome) => outcome === 'written').length;
    expect(outcomes.size).toBe(cases.length);
    expect(written).toBeGreaterThan(cases.length / 2);
  });
});

/** A network with what the goldens do not have: stacks, two biases, both directions of several layers. */
const models: Readonly<Record<string, () => Model>> = {
  stack: () =>
    sequential([lstm({ units: 4, layers: 2, dropout: 0.2, direction: 'bidirectional' }), dense({ units: 3 })], {
      features: 2,
    }).compileSync({ loss: 'meanSquaredError', initializer: 'uniform:0.9' }),
  residual: () =>
    sequential([gru({ units: 3, layers: 3, residual: true }), pool({ over: 'mean' })], { features: 3 }).compileSync({
      loss: 'meanSquaredError',
      initializer: 'uniform:0.9',
    }),
  biases: () =>
    sequential([
      embedding({ size: 5, units: 3 }),
      rnn({ units: 3 }),
      gru({ units: 4, resetAfter: false }),
      gru({ units: 4, biases: 'one' }),
      dropout({ rate: 0.1 }),
      lstm({ units: 2, output: 'last' }),
      dense({ units: 2, bias: false }),
    ]).compileSync({ loss: 'meanSquaredError', initializer: 'uniform:0.9' }),
  convolution: () =>
    sequential(
      [
        conv1d({ units: 4, kernelSize: 3, groups: 2, padding: 'causal', dilation: 2 }),
        operation('tanh'),
        gru({ units: 2, direction: 'reverse', output: 'last' }),
      ],
      { features: 4 },
    ).compileSync({ loss: 'meanSquaredError', initializer: 'uniform:0.9' }),
  activations: () =>
    sequential(
      [
        lstm({ units: 3, activation: { name: 'elu', alpha: 0.5 }, gateActivation: 'hardSigmoid' }),
        gru({ units: 3, activation: { name: 'leakyRelu', alpha: 0.3 }, direction: 'bidirectional' }),
        gru({ units: 3, gateActivation: { name: 'affine', alpha: 0.25, beta: 0.5 }, activation: 'softsign' }),
        rnn({ units: 3, activation: { name: 'elu', alpha: 1 } }),
        lstm({ units: 3, activation: 'softplus' }),
      ],
      { features: 2 },
    ).compileSync({ loss: 'meanSquaredError', initializer: 'uniform:0.9' }),
  reverse: () =>
    network({
      inputs: { x: { kind: 'features', units: 2 } },
      nodes: [
        { name: 'ahead', layer: gru({ units: 3 }), inputs: ['x'] },
        { name: 'behind', layer: lstm({ units: 3, layers: 2, direction: 'reverse', residual: true }), inputs: ['x'] },
        { name: 'product', layer: operation('multiply'), inputs: ['ahead', 'behind'] },
      ],
      output: 'product',
    }).compileSync({ loss: 'meanSquaredError', initializer: 'uniform:0.9' }),
  states: () =>
    network({
      inputs: { words: { kind: 'indices', size: 5, axis: 'words' }, given: { kind: 'features', units: 2 } },
      nodes: [
        { name: 'embedding', layer: embedding({ size: 5, units: 3 }), inputs: ['words'] },
        { name: 'encoder', layer: lstm({ units: 3, layers: 2 }), inputs: ['embedding'] },
        {
          name: 'decoder',
          layer: lstm({ units: 3, layers: 2 }),
          inputs: ['given'],
          states: { h_l0: 'encoder.h_l0', c_l0: 'encoder.c_l0', h_l1: 'encoder.h_l1', c_l1: 'encoder.c_l1' },
        },
        { name: 'sum', layer: operation('subtract', { number: 1, isFirst: true }), inputs: ['decoder'] },
      ],
      output: 'sum',
    }).compileSync({ loss: 'meanSquaredError', initializer: 'uniform:0.9' }),
};

const numbers = (rows: number, columns: number) =>
  Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => Math.sin(row * 3 + column + 1)),
  );

function inputsFor(model: Model) {
  const inputs = Object.entries(model.description.inputs).map(([name, input]) => {
    return [
      name,
      [5, 5].map((steps, at) =>
        input.kind === 'indices'
          ? Array.from({ length: steps }, (_, step) => (step + at) % 5)
          : numbers(steps, input.units),
      ),
    ];
  });
  return inputs.length === 1 ? inputs[0]?.[1] : Object.fromEntries(inputs);
}

describe('a model of the library', () => {
  it.each(Object.keys(models))('%s is the same when Keras has had it', async (name) => {
    const model = (models[name] as () => Model)();
    for (const parameter of model.parameters.values()) expect(parameter.data.some((number) => number !== 0)).toBe(true);
    const file = path.join(folder, `own-${name}.keras`);
    await exportModel(model, file, { to: 'keras' });
    const expected = await model.predict(inputsFor(model) as never);
    const values = expected.map((each) => [...each]);
    await exportModel(model, file.replace('.keras', '.weights.h5'), { to: 'keras' });
    if (kept !== undefined)
      writeFileSync(`${file}.json`, JSON.stringify({ inputs: inputsFor(model), outputs: values }));
    const { model: back } = await importModel(file);
    const actual = await back.predict(inputsFor(back) as never);
    for (const [at, each] of values.entries()) {
      for (const [place, number] of each.entries()) expect(actual[at]?.[place]).toBeCloseTo(number, 5);
    }
    back.dispose();
    model.dispose();
  });

  it.each([
    ['peepholes', lstm({ units: 2, peepholes: true })],
    ['hardSigmoid02', gru({ units: 2, gateActivation: 'hardSigmoid02' })],
    ['inputClip', gru({ units: 2, inputClip: 1 })],
    ['scaledTanh', rnn({ units: 2, activation: { name: 'scaledTanh', alpha: 2 } })],
    ['thresholdedRelu', lstm({ units: 2, activation: { name: 'thresholdedRelu' } })],
    ['leakyRelu', gru({ units: 2, activation: { name: 'leakyRelu', alpha: -0.5 } })],
    ['alpha: 0.3', gru({ units: 2, gateActivation: { name: 'hardSigmoid', alpha: 0.3, beta: 0.5 } })],
    ['power', operation('power', { number: 3 })],
    ['last', pool({ over: 'last' })],
  ] as const)('is refused for %s, which Keras does not have', async (name, layer) => {
    const model = sequential([layer], { features: 2 }).compileSync({ loss: 'meanSquaredError' });
    const writing = exportModel(model, path.join(folder, 'refused.keras'), { to: 'keras' });
    await expect(writing).rejects.toThrow(InterchangeError);
    await expect(writing).rejects.toThrow(name);
    model.dispose();
  });

  it('is refused for a path with another ending', async () => {
    const model = sequential([dense({ units: 1 })], { features: 1 }).compileSync({ loss: 'meanSquaredError' });
    await expect(exportModel(model, path.join(folder, 'x.h5'), { to: 'keras' })).rejects.toThrow(OptionError);
    model.dispose();
  });

  it('gives weights that a network takes by its names', async () => {
    const described = () =>
      sequential(
        [lstm({ units: 3, direction: 'bidirectional' }), gru({ units: 2 }), layerNormalization(), dense({ units: 1 })],
        { features: 2 },
      );
    const model = described().compileSync({ loss: 'meanSquaredError', initializer: 'uniform:0.9' });
    const file = path.join(folder, 'weights.weights.h5');
    await exportModel(model, file, { to: 'keras' });
    const map = {
      'layers/bidirectional': 'lstm',
      'layers/gru': 'gru',
      'layers/layer_normalization': 'layerNormalization',
      'layers/dense': 'dense',
    };
    const { model: back } = await importModel(file, { network: described(), map });
    const [expected] = await model.predict([numbers(4, 2)]);
    const [actual] = await back.predict([numbers(4, 2)]);
    // Keras has the sum of the two biases.
    for (const [at, number] of [...(expected as Float32Array)].entries()) expect(actual?.[at]).toBeCloseTo(number, 6);
    const partly = importModel(file, { network: described(), map: { ...map, 'layers/gru': '' } });
    await expect(partly).rejects.toThrow("'gru.weight_ih_l0'");
    back.dispose();
    model.dispose();
  });

  it('in the layout of Keras 2 gives weights by the names of variables, whatever their order in the file', async () => {
    const [old] = kerasCases().filter(
      ({ file, variables }) =>
        file?.endsWith('.h5') &&
        file.startsWith('keras3') &&
        !file.includes('weights') &&
        ['gamma', 'beta'].every((role) => variables.filter(([name]) => name === role).length === 1),
    );
    const target = path.join(folder, `${old?.file}`);
    writeFileSync(target, keptFile(`${old?.file}.gz`));
    const { tensors } = await inspectFile(target);
    const gamma = [...tensors.keys()].find((name) => name.endsWith('/gamma')) as string;
    const begin = gamma.slice(0, gamma.lastIndexOf('/'));
    const columns = tensors.get(gamma)?.shape[0] as number;
    const rest = [...tensors.keys()].filter((name) => !name.startsWith(begin)).map((name) => [name, ''] as const);
    const layer = tensors.has(`${begin}/moving_mean`) ? batchNormalization() : layerNormalization();
    const given = sequential([layer], { features: columns });
    const { model } = await importModel(target, {
      network: given,
      map: { [begin]: layer.kind, ...Object.fromEntries(rest) },
    });
    const values = (role: string) => {
      const at = old?.variables.findIndex(([name]) => name === role) as number;
      return [...hashedWeight(at, role, columns)];
    };
    expect([...(model.parameters.get(`${layer.kind}.weight`)?.data ?? [])]).toEqual(values('gamma'));
    expect([...(model.parameters.get(`${layer.kind}.bias`)?.data ?? [])]).toEqual(values('beta'));
    expect(() => tensors.get(gamma)?.read()).toThrow('it has been closed');
    model.dispose();
  });
});
