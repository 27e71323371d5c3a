import { describe, expect, it } from 'vitest';
import { gru, lstm, packSequences, sequential, unpackSequences } from '../../src/index.js';
import { randomNumbers } from './small-models.js';

const UNITS = 4;
const WIDTH = 2 * UNITS;
const lengths = [3, 6, 1, 4];
const sequences = lengths.map((length, index) => randomNumbers(2 * length, index));
const batch = packSequences(sequences, { features: 2 });
const part = (values: Float32Array, place: number) => values.slice(place * UNITS, (place + 1) * UNITS);

describe.each([
  ['lstm', lstm({ units: UNITS, direction: 'bidirectional' }), ['h_l0', 'c_l0', 'h_l0_reverse', 'c_l0_reverse']],
  ['gru', gru({ units: UNITS, direction: 'bidirectional' }), ['h_l0', 'h_l0_reverse']],
] as const)('the states of a bidirectional %s', (name, layer, parts) => {
  const model = sequential([layer], { features: 2 }).compileSync({ loss: 'meanSquaredError', threads: 1 });

  it('have a name for each direction', () => {
    const sizes = new Map(parts.map((of) => [`${name}.${of}`, UNITS]));
    expect(new Map([...model.stateSizes].sort())).toEqual(new Map([...sizes].sort()));
  });

  it('come out of the last step forward, and of the first step backward', () => {
    const state = model.newState(4);
    const rows = unpackSequences(batch, model.predictPackedSync(batch, { state }), WIDTH);
    for (const index of batch.order) {
      const outputs = rows[index] as Float32Array;
      const hidden = (of: string) => part(state.values.get(`${name}.${of}`) as Float32Array, index);
      expect(hidden('h_l0')).toEqual(outputs.slice(-WIDTH, -UNITS));
      expect(hidden('h_l0_reverse')).toEqual(outputs.slice(UNITS, WIDTH));
    }
  });

  it('go in before the first step forward, and behind the last step of each sequence backward', () => {
    const state = model.newState(4);
    let seed = 70;
    for (const of of parts) state.set(`${name}.${of}`, randomNumbers(4 * UNITS, seed++));
    const given = state.clone();
    const rows = unpackSequences(batch, model.predictPackedSync(batch, { state }), WIDTH);
    for (const index of batch.order) {
      const alone = model.newState(1);
      for (const [of, values] of given.values) alone.set(of, part(values, index));
      const single = packSequences([sequences[index] as Float32Array], { features: 2 });
      expect(model.predictPackedSync(single, { state: alone })).toEqual(rows[index]);
      for (const [of, values] of alone.values) {
        expect(part(state.values.get(of) as Float32Array, index), of).toEqual(values);
      }
    }
    const zero = unpackSequences(batch, model.predictPackedSync(batch), WIDTH);
    for (const [index, row] of zero.entries()) expect(row).not.toEqual(rows[index]);
  });

  it('of one direction leave the outputs of the other as they are', () => {
    const state = model.newState(4);
    state.set(`${name}.h_l0_reverse`, randomNumbers(4 * UNITS, 9));
    const [cold, warm] = [model.predictPackedSync(batch), model.predictPackedSync(batch, { state })];
    const forward = (values: Float32Array) => values.filter((_, index) => index % WIDTH < UNITS);
    expect(forward(warm)).toEqual(forward(cold));
    expect(warm).not.toEqual(cold);
  });
});
