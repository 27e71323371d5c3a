import { describe, expect, it } from 'vitest';
import { collapse, enumerated } from '../decoding/random-frames.js';
import { type CtcOperands, ctc, ctcBackward, reductions } from './ctc.js';
import { compareGradient } from './gradient-check.js';
import { at, scalar } from './matrix.js';
import { RandomOperands } from './random-matrix.js';

/** One sequence of frames and its labels. */
function alone(seed: number, frames: number, classes: number, labels: readonly number[], blank = 0): CtcOperands {
  const logits = new RandomOperands(seed).matrix(frames, classes, -2, 2);
  const other = { batchSizes: new Array<number>(labels.length + 1).fill(1), samples: [0], ownSamples: [0] };
  const settings = { blank, reduction: reductions.sum, zeroInfinity: false };
  return {
    logits,
    labels: Int32Array.of(...labels, -1),
    batchSizes: new Array<number>(frames).fill(1),
    other,
    ...settings,
  };
}

const cases: readonly [frames: number, classes: number, blank: number][] = [
  [1, 3, 0],
  [4, 2, 1],
  [5, 3, 0],
  [6, 3, 2],
  [4, 4, 1],
];

describe.each(cases)('the reference on %d frames of %d classes with the blank %d', (frames, classes, blank) => {
  it('agrees with the sum over all paths for every sequence of labels', () => {
    for (let seed = 0; seed < 5; seed++) {
      const { data } = alone(seed, frames, classes, [], blank).logits;
      const all = enumerated(data, classes, blank);
      let sum = 0;
      for (const [key, probability] of all) {
        const labels = key === '' ? [] : key.split(',').map(Number);
        const { losses } = ctc(alone(seed, frames, classes, labels, blank));
        expect(at(losses, 0, 0)).toBeCloseTo(-Math.log(probability), 11);
        sum += Math.exp(-at(losses, 0, 0));
      }
      expect(sum).toBeCloseTo(1, 12);
    }
  });

  it('has the gradient of its loss', () => {
    const labels = collapse(
      Array.from({ length: frames }, (_, frame) => (frame % 3 === 1 ? blank : (blank + 1) % classes)),
      blank,
    );
    const operands = alone(7, frames, classes, labels, blank);
    const { lse } = ctc(operands);
    const { dlogits } = ctcBackward({ ...operands, dloss: scalar(1.5), lse });
    const objective = () => 1.5 * at(ctc(operands).loss, 0, 0);
    const worst = compareGradient(dlogits, operands.logits, objective);
    expect(worst.ratio, worst.message).toBeLessThanOrEqual(1);
  });
});

describe('the reference', () => {
  it('keeps probabilities that no number has room for', () => {
    const operands = alone(1, 2000, 3, [1, 2]);
    operands.logits.data.forEach((_, index) => {
      operands.logits.data[index] = index % 3 === 0 ? 0 : 20;
    });
    // The two labels are said at one half each, for paths that say them: the blank has e^-20 / 2.
    const half = -2000 * Math.log(0.5);
    // Ones and twos without a blank: 1999 places of the change.
    expect(at(ctc(operands).losses, 0, 0)).toBeCloseTo(half - Math.log(1999), 2);
  });

  it('says what does not fit, and what is no target', () => {
    const lossOf = (operands: CtcOperands) => at(ctc(operands).losses, 0, 0);
    expect(lossOf(alone(3, 3, 3, [1, 1, 2]))).toBe(Number.POSITIVE_INFINITY);
    expect(lossOf(alone(3, 4, 3, [1, 1, 2]))).toBeLessThan(20);
    expect(lossOf(alone(3, 4, 3, [1, 0]))).toBeNaN();
    expect(lossOf(alone(3, 4, 3, [1, -1]))).toBeNaN();
    expect(lossOf({ ...alone(3, 4, 3, [1, 2]), labels: Int32Array.of(1, 2, 1) })).toBeNaN();
  });
});
