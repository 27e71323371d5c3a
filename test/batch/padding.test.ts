import { describe, expect, it } from 'vitest';
import { lengthsFromMask } from '../../src/batch/mask.js';
import { packSequences, unpackSequences } from '../../src/batch/packed-batch.js';
import { packPadded, padPacked, padSequences } from '../../src/batch/padding.js';
import { Random } from '../../src/core/random.js';

const ids = (...values: number[]) => Int32Array.from(values);
const rows = (...values: number[]) => Float32Array.from(values);
const code = (expected: string) => expect.objectContaining({ code: expected });

/** Random sequences of features, and the shape that they are padded to. */
function randomSequences(random: Random) {
  const features = 1 + random.integer(3);
  const sequences = Array.from({ length: 1 + random.integer(7) }, () =>
    Float32Array.from({ length: (1 + random.integer(9)) * features }, () => random.uniform()),
  );
  const lengths = sequences.map(({ length }) => length / features);
  return { features, sequences, lengths, batch: sequences.length, steps: Math.max(...lengths) + random.integer(3) };
}

describe('padSequences', () => {
  it('puts sequences one after the other, each filled up to the longest', () => {
    expect(padSequences([ids(1, 2), ids(3), ids(4, 5, 6)])).toEqual({
      values: ids(1, 2, 0, 3, 0, 0, 4, 5, 6),
      lengths: ids(2, 1, 3),
      steps: 3,
    });
  });

  it('fills rows of features with a value, up to as many steps as it is told', () => {
    const padded = padSequences([rows(1, 2), rows(3, 4, 5, 6)], { features: 2, steps: 3, value: -1 });
    expect(padded.values).toEqual(rows(1, 2, -1, -1, -1, -1, 3, 4, 5, 6, -1, -1));
    expect(padded.lengths).toEqual(ids(1, 2));
    expect(padSequences([ids(7)], { steps: 2, value: -1 }).values).toEqual(ids(7, -1));
  });

  it('puts the steps of all sequences side by side when it is to be time-major', () => {
    const padded = padSequences([rows(1, 2), rows(3, 4, 5, 6)], { features: 2, timeMajor: true });
    expect(padded.values).toEqual(rows(1, 2, 3, 4, 0, 0, 5, 6));
    expect(padSequences([ids(1, 2), ids(3)], { timeMajor: true }).values).toEqual(ids(1, 3, 2, 0));
  });

  it('cuts nothing off and refuses what it cannot pad', () => {
    expect(() => padSequences([ids(1), ids(1, 2, 3)], { steps: 2 })).toThrow('sequence 1 has 3 steps, more than the 2');
    expect(() => padSequences([])).toThrow(code('empty_data'));
    expect(() => padSequences([ids(1), ids()])).toThrow('sequence 1 is empty');
    expect(() => padSequences([rows(1, 2, 3)], { features: 2 })).toThrow(code('shape_mismatch'));
    expect(() => padSequences([ids(1)], { value: 0.5 })).toThrow(code('invalid_option'));
    expect(() => padSequences([ids(1)], { value: 2 ** 31 })).toThrow(code('invalid_option'));
    expect(() => padSequences([rows(1)], { value: Number.NaN })).toThrow(code('invalid_option'));
    expect(() => padSequences([rows(1)], { timeMajor: 1 } as never)).toThrow(code('invalid_option'));
    expect(() => padSequences([rows(1, 2), rows(3, 4)], { features: 2, steps: 2 ** 45 })).toThrow(
      "'steps' must be an integer >= 1 and <= 536870911, got 35184372088832",
    );
    expect(() => padSequences([rows(1)], { length: 4 } as never)).toThrow(code('unknown_option'));
  });
});

describe('packPadded', () => {
  const values = ids(1, 2, 0, 3, 0, 0, 4, 5, 6);

  it('leaves padding out: longest first, time-major', () => {
    const expected = { order: ids(2, 0, 1), batchSizes: ids(3, 2, 1), inputs: { input: ids(4, 1, 3, 5, 2, 6) } };
    expect(packPadded(values, { batch: 3, steps: 3, lengths: ids(2, 1, 3) })).toEqual(expected);
    expect(packPadded(values, { batch: 3, steps: 3, lengths: [2, 1, 3] })).toEqual(expected);
    expect(packPadded(values, { batch: 3, steps: 3, mask: [1, 1, 0, 1, 0, 0, 1, 1, 1] })).toEqual(expected);
    const booleans = [true, true, false, true, false, false, true, true, true];
    expect(packPadded(values, { batch: 3, steps: 3, mask: booleans })).toEqual(expected);
    const timeMajor = { batch: 3, steps: 3, timeMajor: true };
    expect(packPadded(ids(1, 3, 4, 2, 0, 5, 0, 0, 6), { ...timeMajor, lengths: [2, 1, 3] })).toEqual(expected);
    const mask = Uint8Array.of(1, 1, 1, 1, 0, 1, 0, 0, 1);
    expect(packPadded(ids(1, 3, 4, 2, 0, 5, 0, 0, 6), { ...timeMajor, mask })).toEqual(expected);
  });

  it('packs targets in the same layout, or one target for each sequence', () => {
    const shape = { batch: 2, steps: 2, lengths: [1, 2] };
    const input = rows(1, 2, 0, 0, 3, 4, 5, 6);
    const steps = packPadded(input, { ...shape, features: 2, targets: ids(7, -1, 8, 9) });
    expect(steps.inputs).toEqual({ input: rows(3, 4, 1, 2, 5, 6) });
    expect(steps.targets).toEqual({ target: ids(8, 7, 9) });
    const dense = packPadded(input, {
      ...shape,
      features: 2,
      targets: rows(1, 1, 0, 0, 2, 2, 3, 3),
      targetFeatures: 2,
    });
    expect(dense.targets).toEqual({ target: rows(2, 2, 1, 1, 3, 3) });
    const whole = packPadded(input, { ...shape, features: 2, sequenceTargets: ids(5, 6) });
    expect(whole.targets).toEqual({ target: ids(6, 5) });
    const wide = packPadded(input, { ...shape, features: 2, sequenceTargets: rows(1, 2, 3, 4), targetFeatures: 2 });
    expect(wide.targets).toEqual({ target: rows(3, 4, 1, 2) });
  });

  it.each([false, true])('agrees with packing the sequences themselves, time-major %s', (timeMajor) => {
    const random = new Random(3, 'padded');
    for (let round = 0; round < 50; round++) {
      const { features, sequences, lengths, batch, steps } = randomSequences(random);
      const targets = lengths.map((length) => Int32Array.from({ length }, () => random.integer(9)));
      const padded = padSequences(sequences, { features, steps, timeMajor, value: 99 });
      const options = {
        ...{ batch, steps, features, timeMajor, lengths: padded.lengths },
        targets: padSequences(targets, { steps, timeMajor, value: -1 }).values,
      };
      const expected = packSequences(sequences, { features, targets });
      expect(packPadded(padded.values, options)).toEqual(expected);
      const ones = lengths.map((length) => new Int32Array(length).fill(1));
      const mask = padSequences(ones, { steps, timeMajor }).values;
      expect(lengthsFromMask(mask, { batch, steps, timeMajor })).toEqual(padded.lengths);
    }
  });

  it('refuses masks that are not right-padded, naming the sequence and the step', () => {
    const shape = { batch: 2, steps: 3 };
    const refusal = (mask: ArrayLike<number | boolean>) => () => packPadded(ids(1, 2, 3, 4, 5, 6), { ...shape, mask });
    const details = (sequence: number, step: number) =>
      expect.objectContaining({ code: 'mask_not_right_padded', details: { sequence, step } });
    expect(refusal([1, 0, 0, 0, 1, 1])).toThrow(details(1, 1));
    expect(refusal([1, 0, 1, 1, 1, 1])).toThrow(details(0, 2));
    expect(refusal([true, true, true, false, false, true])).toThrow('the mask of sequence 1 has a valid step 2');
    expect(refusal([1, 1, 1, 0, 0, 0])).toThrow(code('empty_data'));
    expect(refusal([1, 1, 1, 2, 0, 0])).toThrow('mask[3] is 2');
    expect(refusal([1, 1, 1])).toThrow('the mask has 3 entries, 2 sequences of 3 steps need 6');
  });

  it('refuses lengths, values and targets that do not fit', () => {
    const pack =
      (options: object, given = values) =>
      () =>
        packPadded(given, { batch: 3, steps: 3, lengths: [1, 2, 3], ...options });
    expect(pack({ lengths: [1, 2, 4] })).toThrow('lengths[2] is 4, expected a whole number 1..3');
    expect(pack({ lengths: [1, 2, 1.5] })).toThrow(code('length_mismatch'));
    expect(pack({ lengths: [1, 0, 1] })).toThrow(code('empty_data'));
    expect(pack({ lengths: [1, 2] })).toThrow('there are 2 lengths for 3 sequences');
    expect(pack({ lengths: undefined })).toThrow(code('invalid_option'));
    expect(pack({ lengths: null })).toThrow(code('invalid_option'));
    expect(pack({ lengths: null, mask: null })).toThrow(code('invalid_option'));
    expect(pack({ mask: null, targets: null, sequenceTargets: null })()).toEqual(pack({})());
    expect(pack({ lengths: null, mask: new Array(9).fill(1) })()).toEqual(pack({ lengths: [3, 3, 3] })());
    expect(pack({}, [1, 2, 3] as never)).toThrow(code('invalid_option'));
    expect(pack({ mask: new Array(9).fill(1) })).toThrow(code('invalid_option'));
    expect(pack({}, ids(1, 2))).toThrow('2 numbers, but the 9 padded steps with 1 features need 9');
    expect(pack({ features: 2 })).toThrow(code('shape_mismatch'));
    expect(pack({ targets: ids(1, 2, 3) })).toThrow(code('length_mismatch'));
    expect(pack({ sequenceTargets: ids(1, 2) })).toThrow(code('length_mismatch'));
    expect(pack({ targets: values, sequenceTargets: ids(1, 2, 3) })).toThrow(code('invalid_option'));
    expect(pack({ batch: 0 })).toThrow(code('invalid_option'));
    expect(pack({ target: values })).toThrow(code('unknown_option'));
  });
});

describe('padPacked', () => {
  it('restores the order of the sequences and pads them', () => {
    const batch = packSequences([ids(1), ids(2, 3, 4), ids(5, 6)]);
    const padded = padPacked(batch, rows(20, 50, 10, 30, 60, 40), { value: -1 });
    expect(padded).toEqual({ values: rows(10, -1, -1, 20, 30, 40, 50, 60, -1), lengths: ids(1, 3, 2), steps: 3 });
  });

  it.each([false, true])('inverts packPadded, padding included, time-major %s', (timeMajor) => {
    const random = new Random(4, 'padded');
    for (let round = 0; round < 50; round++) {
      const { features, sequences, batch, steps } = randomSequences(random);
      const padded = padSequences(sequences, { features, steps, timeMajor, value: 0.5 });
      const packed = packPadded(padded.values, { batch, steps, features, timeMajor, lengths: padded.lengths });
      const input = packed.inputs['input'] as Float32Array;
      expect(padPacked(packed, input, { features, steps, timeMajor, value: 0.5 })).toEqual(padded);
      expect(unpackSequences(packed, input, features)).toEqual(sequences);
    }
  });

  it('refuses rows that do not fit the batch', () => {
    expect(() => padPacked({ batchSizes: ids(2, 1) }, rows(1, 2))).toThrow(code('length_mismatch'));
    expect(() => padPacked({ batchSizes: ids(2, 1) }, [1, 2, 3] as never)).toThrow(code('invalid_option'));
    expect(() => padPacked({ batchSizes: [2, 1] as never }, rows(1, 2, 3))).toThrow(code('rank_mismatch'));
    expect(() => padPacked({ batchSizes: ids(2, 1) }, rows(1, 2, 3), { steps: 1 })).toThrow(code('length_mismatch'));
    expect(() => padPacked({ batchSizes: ids(1) }, rows(1), { batch: 1 } as never)).toThrow(code('unknown_option'));
  });
});
