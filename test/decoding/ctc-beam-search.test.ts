import { describe, expect, it } from 'vitest';
import {
  type CtcHypothesis,
  ctcBeamSearch,
  ctcBeamSearchSync,
  type LabelModel,
} from '../../src/decoding/ctc-beam-search.js';
import { ctcGreedyDecode } from '../../src/decoding/ctc-greedy.js';
import { enumerated, randomScores } from './random-frames.js';

const key = ({ labels }: CtcHypothesis) => labels.join();

/** Log-probabilities of frames, given as probabilities. */
const logs = (...rows: readonly (readonly number[])[]) => Float64Array.from(rows.flat().map(Math.log));

const cases = [
  { count: 1, classes: 2, blank: 0 },
  { count: 5, classes: 2, blank: 1 },
  { count: 6, classes: 3, blank: 0 },
  { count: 5, classes: 4, blank: 3 },
];

describe.each(cases)('a beam that holds everything, $count frames of $classes classes', ({ count, classes, blank }) => {
  it('finds all sequences with their exact probabilities, in their order', () => {
    for (let seed = 0; seed < 20; seed++) {
      const scores = randomScores(seed, count, classes);
      const expected = [...enumerated(scores, classes, blank)].sort(([, a], [, b]) => b - a);
      const found = ctcBeamSearchSync({ scores, classes, blank }, { width: 1e6, best: 1e6 });
      expect(found.map(key)).toEqual(expected.map(([labels]) => labels));
      found.forEach(({ logProbability, score }, index) => {
        expect(logProbability).toBeCloseTo(Math.log(expected[index]?.[1] as number), 10);
        expect(score).toBe(logProbability);
      });
    }
  });

  it('has sequences of one probability in all with a narrow one, which never gives more than the exact probability', () => {
    for (let seed = 0; seed < 20; seed++) {
      const scores = randomScores(100 + seed, count, classes);
      const exact = enumerated(scores, classes, blank);
      for (const width of [1, 2, 3, 7]) {
        const found = ctcBeamSearchSync({ scores, classes, blank }, { width, best: width });
        expect(new Set(found.map(key)).size).toBe(found.length);
        expect(found.length).toBe(Math.min(width, exact.size));
        for (const one of found) {
          expect(one.logProbability).toBeLessThanOrEqual(Math.log(exact.get(key(one)) as number) + 1e-10);
        }
      }
    }
  });
});

describe('a beam of one sequence', () => {
  it('gives the greedy labels where each frame is sure, and at least the probability of the greedy path', () => {
    for (let seed = 0; seed < 30; seed++) {
      const classes = 5;
      const scores = randomScores(seed, 12, classes, 1);
      // One class of each frame has more than 0.95.
      for (let frame = 0; frame < 12; frame++)
        (scores[frame * classes + ((seed + frame * frame) % classes)] as number) += 7;
      const greedy = ctcGreedyDecode({ scores, classes });
      const [beam] = ctcBeamSearchSync({ scores, classes }, { width: 1 }) as [CtcHypothesis];
      expect(beam.labels).toEqual(greedy.map(({ label }) => label));
      expect(beam.frames).toEqual(greedy.map(({ begin }) => begin));
      let path = 0;
      for (let frame = 0; frame < 12; frame++) {
        const row = scores.subarray(frame * classes, (frame + 1) * classes);
        path += Math.max(...row) - Math.log(row.reduce((sum, score) => sum + Math.exp(score), 0));
      }
      expect(beam.logProbability).toBeGreaterThanOrEqual(path);
    }
  });
});

describe('a sequence of several paths', () => {
  it('beats the likeliest path', () => {
    // Two frames: blank 0.6, a 0.4. The path of two blanks has 0.36, a has 0.4 * 0.4 + 2 * 0.6 * 0.4 = 0.64.
    const scores = logs([0.6, 0.4], [0.6, 0.4]);
    expect(ctcGreedyDecode({ scores, classes: 2 })).toEqual([]);
    const [first, second] = ctcBeamSearchSync({ scores, classes: 2 }, { best: 5 }) as [CtcHypothesis, CtcHypothesis];
    expect(first).toMatchObject({ labels: [1], frames: [0], logProbability: expect.closeTo(Math.log(0.64), 12) });
    expect(second).toMatchObject({ labels: [], frames: [], logProbability: expect.closeTo(Math.log(0.36), 12) });
  });

  it('is met once when it comes back to the beam while a longer one is still there', () => {
    for (let seed = 0; seed < 200; seed++) {
      const scores = randomScores(seed, 14, 3, 3);
      const found = ctcBeamSearchSync({ scores, classes: 3 }, { width: 4, best: 4 });
      expect(new Set(found.map(key)).size).toBe(4);
    }
  });
});

describe('a language model', () => {
  // One frame: blank 0.15, a 0.45, b 0.4.
  const utterance = { scores: logs([0.15, 0.45, 0.4]), classes: 3 };
  const model: LabelModel = (_, next) => Math.log(next === 1 ? 0.2 : 0.8);
  const search = (options: object) =>
    ctcBeamSearchSync(utterance, { best: 3, languageModel: model, ...options }).map(({ labels, score }) => ({
      labels,
      score,
    }));
  const near = (score: number) => expect.closeTo(score, 12);

  it('changes the order by its weight, as computed by hand', () => {
    expect(search({ weight: 0 }).map(({ labels }) => labels)).toEqual([[1], [2], []]);
    expect(search({ weight: 1 })).toEqual([
      { labels: [2], score: near(Math.log(0.4 * 0.8)) },
      { labels: [], score: near(Math.log(0.15)) },
      { labels: [1], score: near(Math.log(0.45 * 0.2)) },
    ]);
    // log 0.45 + w log 0.2 = log 0.4 + w log 0.8 at w = log(0.45 / 0.4) / log(0.8 / 0.2) = 0.085.
    expect(search({ weight: 0.084 })[0]?.labels).toEqual([1]);
    expect(search({ weight: 0.086 })[0]?.labels).toEqual([2]);
  });

  it('is joined by a bonus for each label', () => {
    // Against [2], nothing has log(0.15 / 0.32) = -0.758.
    expect(search({ insertionBonus: -0.75 })[0]?.labels).toEqual([2]);
    expect(search({ insertionBonus: -0.76 })[0]?.labels).toEqual([]);
    expect(search({ insertionBonus: -0.76 })[1]).toEqual({ labels: [2], score: near(Math.log(0.32) - 0.76) });
  });

  it('is given the labels before, and its logarithms add up', () => {
    const asked: string[] = [];
    const languageModel: LabelModel = (prefix, next) => {
      asked.push(`${prefix}>${next}`);
      return -1 - prefix.length;
    };
    const scores = logs([0.1, 0.9], [0.9, 0.1], [0.1, 0.9]);
    const [best] = ctcBeamSearchSync({ scores, classes: 2 }, { languageModel, insertionBonus: 5 }) as [CtcHypothesis];
    expect(best.labels).toEqual([1, 1]);
    expect(best.score).toBeCloseTo(best.logProbability - 1 - 2 + 10, 12);
    expect([...asked].sort()).toEqual(['1>1', '>1']);
  });

  it('is asked at word ends only where there are words', () => {
    const asked: string[] = [];
    const languageModel: LabelModel = (prefix, next) => {
      asked.push(`${prefix}>${next}`);
      return prefix.includes(1) ? -3 : 0;
    };
    const scores = logs([0.02, 0.5, 0.46, 0.02], [0.02, 0.02, 0.02, 0.94]);
    const options = { width: 3, languageModel, insertionBonus: 0.5, wordEnd: 3 };
    const [best] = ctcBeamSearchSync({ scores, classes: 4 }, options) as [CtcHypothesis];
    expect(best.labels).toEqual([2, 3]);
    expect(best.score).toBeCloseTo(best.logProbability + 0.5, 12);
    expect(new Set(asked.map((text) => text.slice(-1)))).toEqual(new Set(['3']));
  });

  it('rules out what it gives no probability, and is no obstacle without weight', () => {
    const never: LabelModel = () => Number.NEGATIVE_INFINITY;
    expect(search({ languageModel: never }).map(({ labels }) => labels)).toEqual([[]]);
    expect(search({ languageModel: never, weight: 0 })).toHaveLength(3);
  });

  it.each([
    ['NaN', () => Number.NaN],
    ['infinity', () => Number.POSITIVE_INFINITY],
    ['text', () => '1' as unknown as number],
  ])('that gives %s is refused, and one that throws ends the search', (_, languageModel) => {
    expect(() => search({ languageModel })).toThrow(expect.objectContaining({ code: 'non_finite_output' }));
    const failing = () => {
      throw new Error('no model');
    };
    expect(() => search({ languageModel: failing })).toThrow('no model');
  });
});

describe('the threshold', () => {
  it('leaves out classes of a frame that are less likely, but never the likeliest', () => {
    const scores = logs([0.5, 0.3, 0.2], [0.3, 0.3, 0.4]);
    const labelsOf = (threshold: number) =>
      ctcBeamSearchSync({ scores, classes: 3 }, { width: 100, best: 100, threshold }).flatMap(({ labels }) => labels);
    expect(new Set(labelsOf(0))).toEqual(new Set([1, 2]));
    const [first] = ctcBeamSearchSync({ scores, classes: 3 }, { width: 100, best: 100, threshold: 0.9 });
    expect(first?.logProbability).toBeCloseTo(Math.log(0.5 * 0.4), 12);
    expect(new Set(labelsOf(0.9))).toEqual(new Set([2]));
  });
});

describe('a search', () => {
  const utterance = { scores: randomScores(5, 400, 60, 3), classes: 60 };
  const options = { width: 24, best: 5 };

  it('gives the same off and on the event loop, which goes on meanwhile', async () => {
    let turns = 0;
    let running = true;
    const count = () => {
      turns++;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    const found = await ctcBeamSearch(utterance, options);
    running = false;
    expect(turns).toBeGreaterThan(3);
    expect(found).toEqual(ctcBeamSearchSync(utterance, options));
    expect(found).toHaveLength(5);
  });

  it('stops with the reason of the signal', async () => {
    const stop = new AbortController();
    const search = ctcBeamSearch(utterance, options, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(search).rejects.toThrow('enough');
    await expect(ctcBeamSearch(utterance, options, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow(
      'before',
    );
  });

  it('takes logits as well as logarithms of probabilities, and an utterance without frames', () => {
    const scores = randomScores(9, 6, 4);
    const shifted = scores.map((score, index) => score + 3 * Math.floor(index / 4));
    const [one] = ctcBeamSearchSync({ scores, classes: 4 }) as [CtcHypothesis];
    const [other] = ctcBeamSearchSync({ scores: shifted, classes: 4 }) as [CtcHypothesis];
    expect(other).toEqual({
      ...one,
      logProbability: expect.closeTo(one.logProbability, 10),
      score: expect.closeTo(one.score, 10),
    });
    const nothing = { labels: [], frames: [], logProbability: 0, score: 0 };
    expect(ctcBeamSearchSync({ scores: new Float32Array(0), classes: 4 })).toEqual([nothing]);
  });

  it.each([
    ['a width of none', { width: 0 }, 'invalid_option'],
    ['no best', { best: 0.5 }, 'invalid_option'],
    ['a threshold of all', { threshold: 1 }, 'invalid_option'],
    ['a negative weight', { weight: -1 }, 'invalid_option'],
    ['a bonus that is none', { insertionBonus: Number.NaN }, 'invalid_option'],
    ['a word end that is no class', { wordEnd: 60 }, 'invalid_option'],
    ['a language model that is none', { languageModel: 'bigram' as unknown as LabelModel }, 'invalid_option'],
    ['an option that it does not have', { beams: 3 } as object, 'unknown_option'],
  ])('refuses %s before it begins, on and off the event loop', async (_, wrong, code) => {
    expect(() => ctcBeamSearchSync(utterance, wrong)).toThrow(expect.objectContaining({ code }));
    await expect(ctcBeamSearch(utterance, wrong)).rejects.toMatchObject({ code });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses scores that are %d', (bad) => {
    const scores = Float32Array.of(0, 1, bad, 0);
    expect(() => ctcBeamSearchSync({ scores, classes: 2 })).toThrow(
      expect.objectContaining({ code: 'non_finite_output' }),
    );
  });
});
