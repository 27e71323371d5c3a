import { describe, expect, it } from 'vitest';
import {
  type Batch,
  checkGradients,
  dense,
  embedding,
  gru,
  packSequences,
  sequential,
  Trainer,
  unpackSequences,
} from '../../src/index.js';

const LENGTHS = [2, 4, 1, 4];
const numbers = (length: number, seed: number) => Array.from({ length }, (_, at) => Math.sin(7 * at + seed));
const inputs = LENGTHS.map((length, seed) => numbers(length, seed));
const targets = LENGTHS.map((length, seed) => numbers(length, seed + 10));
const examples = { inputs, targets };
const packed = packSequences(
  inputs.map((row) => Float32Array.from(row)),
  { targets: targets.map((row) => Float32Array.from(row)) },
);
const model = sequential([gru({ units: 3 }), dense({ units: 1 })], { features: 1 }).compileSync({
  loss: 'meanSquaredError',
});
const refused = (message: RegExp, code = 'invalid_option') =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('plain sequences', () => {
  it('have the gradients of their packed batch, of inputs and nodes by sequence, and of all parameters by default', async () => {
    const of = ['input', 'gru', 'dense.weight', 'state:gru.h_l0'];
    const [plain, batched] = [await model.gradients(examples, { of }), await model.gradients(packed, { of })];
    for (const [name, columns] of [
      ['input', 1],
      ['gru', 3],
    ] as const) {
      expect(plain[name]).toEqual(unpackSequences(packed, batched[name] as Float32Array, columns));
    }
    for (const name of of.slice(2)) expect(plain[name]).toEqual(batched[name]);
    const all = await model.gradients(examples);
    expect(Object.keys(all)).toEqual([...model.parameters.keys()]);
    expect(all['dense.weight']).toEqual(batched['dense.weight']);
    const options = { upstream: { output: new Float32Array(11) } };
    await expect(model.gradients(examples, options)).rejects.toThrow(refused(/'upstream'.*packed batch/));
  });

  it('are taken by checkGradients, by diagnose and, with their targets, by predict', async () => {
    const report = checkGradients(model, examples);
    expect(report.passed).toBe(true);
    expect(String(report)).toBe(String(checkGradients(model, packed)));
    expect(model.diagnose(examples)).toBeUndefined();
    expect(await model.predict(examples)).toEqual(await model.predict(inputs));
    expect(model.predictSync({ inputs: { input: inputs } })).toEqual(model.predictSync(packed));
  });

  it('are a part of a training set', async () => {
    const network = () =>
      sequential([gru({ units: 3 }), dense({ units: 1 })], { features: 1 }).compileSync({ loss: 'meanSquaredError' });
    const trained = (data: Parameters<Trainer['fit']>[0]) =>
      new Trainer(network(), { epochs: 2, progress: false }).fit(data);
    const one = await trained({ training: examples, validation: examples, batch: 2 });
    const other = await trained({ ...examples, validation: examples, batch: 2 });
    expect(one.validation).toEqual(other.validation);
    expect(one.steps).toBe(4);
    await expect(trained({ training: examples, valid: 0.5 } as never)).rejects.toThrow(
      refused(/valid/, 'unknown_option'),
    );
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'misspelt fields',
      () => model.trainStep({ input: inputs, target: targets } as never),
      /object with input, target/,
    ],
    ['an array', () => model.trainStep(inputs as never), /\{ inputs, targets \}.*\[\[/],
    ['nothing', () => model.evaluate(undefined as never), /\{ inputs, targets \}.*undefined/],
    ['inputs that are null', () => model.evaluate({ inputs: null, targets } as never), /inputs must be .* null/],
    ['inputs without sequences', () => model.evaluate({ inputs: {}, targets }), /'input' is missing/],
    ['a text', () => model.predict('abc' as never), /inputs must be .*"abc"/],
    [
      'inputs and targets as two arguments',
      () => new Trainer(model, { epochs: 1 }).fit(inputs as never),
      /plain sequences \{ inputs, targets \}; the first batch is \[/,
    ],
  ])('are asked for, when %s are given', (_name, action, message) => {
    return expect(action()).rejects.toThrow(refused(message));
  });
});

it('weights in a packed batch are refused beside the target of a loss without any', async () => {
  const weighted: Batch = { ...packed, targets: { ...packed.targets, 'target/weights': new Float32Array(11).fill(2) } };
  await expect(model.trainStep(weighted)).rejects.toThrow(refused(/'target\/weights'.*loss of 'target' has none/));
  await expect(model.gradients(weighted)).rejects.toThrow(refused(/'target\/weights'/));
  expect(await model.predictPacked(weighted)).toEqual(await model.predictPacked(packed));
});

describe('a stream', () => {
  it('takes plain rows, and a number where a row has one', () => {
    const sequence = [0.5, -1, 2];
    const [whole] = model.predictSync([sequence]);
    const stream = model.stream();
    expect(Array.from(sequence, (number) => stream.step(number)[0])).toEqual([...(whole as Float32Array)]);
    stream.reset();
    expect(Array.from(sequence, (number) => stream.step([number])[0])).toEqual([...(whole as Float32Array)]);
    stream.reset();
    expect(stream.read(sequence)).toEqual((whole as Float32Array).slice(-1));
    const wide = sequential([gru({ units: 2 })], { features: 2 }).compileSync({ loss: 'meanSquaredError' });
    const rows = [
      [1, 2],
      [3, 4],
    ];
    const [outputs] = wide.predictSync([rows]) as [Float32Array];
    expect(wide.stream().read(rows)).toEqual(outputs.slice(-2));
    expect(() => wide.stream().step(3)).toThrow(refused(/expected 2 numbers/, 'shape_mismatch'));
    expect(() => wide.stream().step([1, '2'] as never)).toThrow(refused(/"2"/, 'rank_mismatch'));
  });

  it('takes ids in any array', () => {
    const letters = sequential([embedding({ size: 5, units: 2 }), gru({ units: 2 })]).compileSync({
      loss: 'meanSquaredError',
    });
    const [outputs] = letters.predictSync([[3, 1, 4]]) as [Float32Array];
    const stream = letters.stream();
    expect([stream.step(3), stream.step([1]), stream.step(Int32Array.of(4) as never)].at(-1)).toEqual(
      outputs.slice(-2),
    );
    stream.reset();
    expect(stream.read([3, 1, 4])).toEqual(outputs.slice(-2));
    for (const wrong of [[1, 2], [], [1.5]]) {
      expect(() => stream.step(wrong)).toThrow(refused(/index .*expected a whole number/, 'index_out_of_range'));
    }
  });
});
