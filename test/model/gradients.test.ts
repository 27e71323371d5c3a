import { describe, expect, it } from 'vitest';
import { dense, lstm, pool, sequential } from '../../src/index.js';
import { batchSizesOf, characterModel, imageOf, randomBatch, randomNumbers, SYMBOLS } from './small-models.js';

const LENGTHS = [4, 2, 1];
const ROWS = 7;

describe('gradients of a model', () => {
  it('are those of a training step, and change nothing', async () => {
    const model = characterModel();
    const batch = randomBatch(LENGTHS);
    const of = [...model.parameters.keys()];
    const before = imageOf(model);
    const gradients = await model.gradients(batch, { of });
    expect(imageOf(model)).toEqual(before);
    model.trainStepSync(batch, { learningRate: 0 });
    for (const name of of) expect(gradients[name], name).toEqual(model.parameters.get(name)?.gradient);
  });

  it('follow the parameters, and a larger batch', async () => {
    const model = characterModel();
    const name = 'dense.bias';
    const first = await model.gradients(randomBatch([2, 1]), { of: [name] });
    model.trainStepSync(randomBatch([2, 1]));
    const second = await model.gradients(randomBatch([2, 1]), { of: [name, name] });
    expect(second[name]).not.toEqual(first[name]);
    const larger = await model.gradients(randomBatch(LENGTHS), { of: [name, 'embedding'] });
    expect(larger[name]).toHaveLength(SYMBOLS);
    expect(larger['embedding']).toHaveLength(5 * ROWS);
    expect(model.memory.arena).toBeGreaterThan(0);
  });

  it('leave the state as it is, and are 0 where nothing depends on a value', async () => {
    const model = sequential([lstm({ units: 3 }), pool({ over: 'last' }), dense({ units: 1, bias: false })], {
      features: 2,
    }).compileSync({ loss: 'meanSquaredError', threads: 1 });
    const state = model.newState(3);
    for (const values of state.values.values()) values.set(randomNumbers(values.length));
    const held = state.clone();
    const batch = { batchSizes: batchSizesOf(LENGTHS), inputs: { input: randomNumbers(2 * ROWS) } };
    const of = ['input', 'lstm', 'state:lstm.c_l0'];
    const gradients = await model.gradients(batch, { of, state, upstream: { output: Float32Array.of(0, 1, 0) } });
    expect(state.values).toEqual(held.values);
    // Only the second sequence counts: rows 1 and 4 of the packed rows of lengths 4, 2, 1.
    const rows = Array.from({ length: ROWS }, (_, row) => gradients['input']?.slice(2 * row, 2 * row + 2) ?? []);
    expect(rows.map((row) => [...row].some((value) => value !== 0))).toEqual([
      false,
      true,
      false,
      false,
      true,
      false,
      false,
    ]);
    expect(gradients['state:lstm.c_l0']?.filter((value) => value !== 0)).toHaveLength(3);
    expect((await model.gradients(batch, { of: ['pool'], upstream: { output: new Float32Array(3) } }))['pool']).toEqual(
      new Float32Array(9),
    );
  });

  it('are refused for names and arrays that do not fit', async () => {
    const model = characterModel();
    const batch = randomBatch(LENGTHS);
    const refused = (options: object, code: string, text: RegExp) =>
      expect(model.gradients(batch, options as never)).rejects.toThrow(
        expect.objectContaining({ code, message: expect.stringMatching(text) }),
      );
    await refused({ of: 'lstm' }, 'invalid_option', /'of' must be a list of names/);
    await refused({ of: [] }, 'invalid_option', /'of'/);
    await refused({ of: ['lstm.weight'] }, 'invalid_option', /"?lstm\.weight"? is nothing.*state:lstm\.h_l0/);
    await refused({ of: ['input'] }, 'invalid_option', /holds indices, which have no gradient/);
    await refused({ of: ['lstm'], upstream: { logits: new Float32Array(1) } }, 'unknown_option', /logits/);
    await refused(
      { of: ['lstm'], upstream: { output: new Float32Array(1) } },
      'length_mismatch',
      /upstream 'output' has 1/,
    );
    await refused({ of: ['lstm'], learningRate: 1 }, 'unknown_option', /learningRate/);
    model.dispose();
    await refused({ of: ['lstm'] }, 'model_disposed', /disposed/);
  });
});
