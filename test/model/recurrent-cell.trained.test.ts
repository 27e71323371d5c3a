import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { CarriedState } from '../../src/model/execute/carried-state.js';
import { type RecurrentCell, recurrentCell } from '../../src/model/recurrent-cell.js';
import { lstm } from '../../src/network/layers/recurrent.js';
import { adam } from '../../src/network/optimizers/optimizer.js';
import { SEEDS } from '../seeds.js';

const STEPS = 5;

describe('a loop written by hand', () => {
  it.each(SEEDS)('teaches a cell to remember the first of five inputs, from seed %i', (seed) => {
    const cell = recurrentCell(lstm({ units: 8 }), {
      inputs: 1,
      seed,
      threads: 1,
      optimizer: adam({ learningRate: 0.02 }),
    });
    const random = new Random(5, 'remember');
    const batch = 16;
    /** The mean squared error of unit 0 after the last step against the first input; learns from it. */
    const round = (learns: boolean): number => {
      const xs = Array.from({ length: STEPS }, () =>
        Float32Array.from({ length: batch }, () => random.uniform() - 0.5),
      );
      const states = [cell.newState(batch)];
      let output = new Float32Array();
      for (const [step, input] of xs.entries()) {
        const taken = cell.step(input, states[step] as CarriedState);
        states.push(taken.state);
        output = taken.output as Float32Array<ArrayBuffer>;
      }
      const wanted = xs[0] as Float32Array;
      const errors = Float32Array.from(wanted, (value, index) => (output[index * 8] as number) - value);
      if (learns) {
        cell.zeroGradients();
        const last = new Float32Array(batch * 8);
        errors.forEach((error, index) => {
          last[index * 8] = (2 * error) / batch;
        });
        let upstream: Parameters<RecurrentCell['gradient']>[2] = { output: last };
        for (let step = STEPS - 1; step >= 0; step--) {
          const { state } = cell.gradient(xs[step] as Float32Array, states[step] as CarriedState, upstream);
          upstream = { state };
        }
        cell.update({ clipNorm: 1 });
      }
      return errors.reduce((sum, error) => sum + error * error, 0) / batch;
    };
    const before = round(false);
    for (let step = 0; step < 400; step++) round(true);
    const after = [1, 2, 3].reduce((sum) => sum + round(false) / 3, 0);
    expect(before).toBeGreaterThan(0.04); // the variance of the inputs is 1/12
    expect(after).toBeLessThan(0.005);
  });
});
