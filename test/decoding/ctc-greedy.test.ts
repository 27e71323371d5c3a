import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { ctcGreedyDecode } from '../../src/decoding/ctc-greedy.js';
import { CtcGreedyStream } from '../../src/decoding/ctc-greedy-stream.js';
import { randomScores } from './random-frames.js';

/** Scores of a path: 1 for its class at each frame, 0 for the others. */
function scoresOf(path: readonly number[], classes: number): Float32Array {
  return Float32Array.from(path.flatMap((label) => Array.from({ length: classes }, (_, c) => Number(c === label))));
}

describe('greedy decoding', () => {
  it('collapses repeats, drops blanks, and says at which frames each label stands', () => {
    const scores = scoresOf([0, 2, 2, 0, 2, 1, 1, 1, 0, 0, 3], 4);
    expect(ctcGreedyDecode({ scores, classes: 4 })).toEqual([
      { label: 2, begin: 1, end: 3 },
      { label: 2, begin: 4, end: 5 },
      { label: 1, begin: 5, end: 8 },
      { label: 3, begin: 10, end: 11 },
    ]);
  });

  it('takes any class as the blank, and gives nothing for blanks alone or no frame', () => {
    const scores = scoresOf([0, 0, 2, 0, 1], 3);
    const labels = ctcGreedyDecode({ scores, classes: 3, blank: 2 }).map(({ label }) => label);
    expect(labels).toEqual([0, 0, 1]);
    expect(ctcGreedyDecode({ scores: scoresOf([1, 1], 2), classes: 2, blank: 1 })).toEqual([]);
    expect(ctcGreedyDecode({ scores: new Float32Array(0), classes: 2 })).toEqual([]);
  });

  it('does not depend on what is added to all scores of a frame', () => {
    const scores = randomScores(3, 20, 5);
    const shifted = scores.map((score, index) => score + Math.floor(index / 5));
    expect(ctcGreedyDecode({ scores: shifted, classes: 5 })).toEqual(ctcGreedyDecode({ scores, classes: 5 }));
  });

  it.each([
    ['a number of classes that is none', { scores: new Float32Array(4), classes: 0 }, 'invalid_option'],
    ['a blank outside the classes', { scores: new Float32Array(4), classes: 2, blank: 2 }, 'invalid_option'],
    ['a plain array', { scores: [1, 2] as unknown as Float32Array, classes: 2 }, 'rank_mismatch'],
    ['half a frame', { scores: new Float32Array(5), classes: 2 }, 'length_mismatch'],
    ['NaN', { scores: Float32Array.of(0, 1, Number.NaN, 0), classes: 2 }, 'non_finite_output'],
  ])('refuses %s', (_, utterance, code) => {
    expect(() => ctcGreedyDecode(utterance)).toThrow(expect.objectContaining({ code }));
  });
});

describe('greedy decoding push by push', () => {
  it.each([0, 2])('gives the labels of the whole, however it is cut, with blank %i', (blank) => {
    const classes = 3;
    const scores = randomScores(7, 200, classes);
    const whole = ctcGreedyDecode({ scores, classes, blank }).map(({ label, begin }) => ({ label, begin }));
    const random = new Random(3, 'cuts');
    const decoder = new CtcGreedyStream();
    const found: unknown[] = [];
    for (let frame = 0; frame < 200; ) {
      const end = Math.min(200, frame + random.integer(6));
      found.push(...decoder.push({ scores: scores.subarray(frame * classes, end * classes), classes, blank }));
      frame = end;
    }
    expect(whole.length).toBeGreaterThan(20);
    expect(found).toEqual(whole);
  });

  it('says a label with the first frame that says it, and not again for its repeats', () => {
    const decoder = new CtcGreedyStream();
    const push = (...path: number[]) => decoder.push({ scores: scoresOf(path, 3), classes: 3 });
    expect(push(0, 1)).toEqual([{ label: 1, begin: 1 }]);
    expect(push()).toEqual([]);
    expect(push(1, 1)).toEqual([]);
    expect(push(0)).toEqual([]);
    expect(push(1)).toEqual([{ label: 1, begin: 5 }]);
  });

  it('stays where it was when a score is none', () => {
    const decoder = new CtcGreedyStream();
    decoder.push({ scores: scoresOf([1], 2), classes: 2 });
    expect(() => decoder.push({ scores: Float32Array.of(1, 0, Number.NaN, 0), classes: 2 })).toThrow(
      expect.objectContaining({ code: 'non_finite_output' }),
    );
    expect(decoder.push({ scores: scoresOf([1, 0, 1], 2), classes: 2 })).toEqual([{ label: 1, begin: 3 }]);
  });
});
