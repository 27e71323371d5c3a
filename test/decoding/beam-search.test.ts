import { describe, expect, it } from 'vitest';
import { NumericError, OptionError, ShapeError } from '../../src/core/errors.js';
import {
  type BeamHypothesis,
  type BeamSearchOptions,
  type BeamStep,
  beamSearch,
} from '../../src/decoding/beam-search.js';
import type { LengthPenalty } from '../../src/decoding/length-penalty.js';
import { BEGIN, END, RandomModel } from './random-model.js';

const common = { begin: BEGIN, end: END };

function expectSame(actual: readonly BeamHypothesis[] | undefined, expected: readonly BeamHypothesis[]): void {
  expect(actual?.map(({ symbols }) => [...symbols])).toEqual(expected.map(({ symbols }) => [...symbols]));
  for (const [index, { score, logProbability }] of expected.entries()) {
    expect(actual?.[index]?.score).toBeCloseTo(score, 10);
    expect(actual?.[index]?.logProbability).toBeCloseTo(logProbability, 10);
  }
}

const penalties: { penalty: LengthPenalty; divisor: (n: number) => number }[] = [
  { penalty: { kind: 'none' }, divisor: () => 1 },
  { penalty: { kind: 'wu', alpha: 0.7 }, divisor: (n) => ((5 + n) / 6) ** 0.7 },
  { penalty: { kind: 'mean' }, divisor: (n) => n },
];

describe.each(penalties)('beam search with the length penalty $penalty.kind', ({ penalty, divisor }) => {
  it('finds with enough beams what an exhaustive search finds, all of it in order', async () => {
    for (let seed = 0; seed < 12; seed++) {
      const model = new RandomModel(seed, 4);
      for (const [maxLength, minLength] of [
        [0, 0],
        [1, 1],
        [4, 0],
        [4, 2],
      ] as const) {
        const expected = model.exhaustive(0, { maxLength, minLength, divisor });
        const options = { ...common, vocabulary: 4, beams: 4 ** 5, maxLength, minLength, lengthPenalty: penalty };
        for (const best of [1, 3, expected.length]) {
          const [found] = await beamSearch(model.step(), { ...options, best });
          expectSame(found, expected.slice(0, best));
        }
      }
    }
  });

  it('stops early without a change of what it finds', async () => {
    let saved = 0;
    for (let seed = 20; seed < 32; seed++) {
      const model = new RandomModel(seed, 5, 1, 4);
      const maxLength = 5;
      const options = { ...common, vocabulary: 5, beams: 5 ** 6, maxLength, best: 2, lengthPenalty: penalty };
      const [found] = await beamSearch(model.step(), options);
      expectSame(found, model.exhaustive(0, { maxLength, divisor }).slice(0, 2));
      saved += maxLength + 1 - model.calls.length;
    }
    expect(saved).toBeGreaterThan(0);
  });
});

describe('beam search', () => {
  it('is greedy with one beam', async () => {
    for (let seed = 40; seed < 50; seed++) {
      const model = new RandomModel(seed, 7);
      const [found] = await beamSearch(model.step(), { ...common, vocabulary: 7, beams: 1, maxLength: 6 });
      const greedy: number[] = [];
      for (;;) {
        const next = model.logProbabilities(0, greedy);
        const symbol = greedy.length === 6 ? END : next.indexOf(Math.max(...next));
        if (symbol === END) break;
        greedy.push(symbol);
      }
      expect([...(found?.[0]?.symbols ?? [])]).toEqual(greedy);
    }
  });

  it('finds with few beams what is found by hand, where the first choice of a greedy search is wrong', async () => {
    // After 2 (probability 0.6) both words are even; after 3 (0.4) the end is nearly certain.
    const after = new Map([
      [BEGIN, [0, 0, 0.6, 0.4]],
      [2, [0, 0.2, 0.4, 0.4]],
      [3, [0, 0.9, 0.05, 0.05]],
    ]);
    const step: BeamStep = (tokens) =>
      Float32Array.from([...tokens].flatMap((token) => (after.get(token) as number[]).map(Math.log)));
    const options = { ...common, vocabulary: 4, maxLength: 3, scores: 'logProbabilities' } as const;
    const [greedy] = await beamSearch(step, { ...options, beams: 1 });
    expect([...(greedy?.[0]?.symbols ?? [])]).toEqual([2, 2, 2]);
    const [two] = await beamSearch(step, { ...options, beams: 2, best: 2 });
    expect(two?.map(({ symbols }) => [...symbols])).toEqual([[3], [2, 3]]);
    expect(two?.map(({ logProbability }) => Math.exp(logProbability))).toEqual([
      expect.closeTo(0.36, 6),
      expect.closeTo(0.216, 6),
    ]);
  });

  it('divides by the length with the end, as computed by hand', async () => {
    // e^-1 for each of two words and the end, or e^-2.4 for the end at once.
    const step: BeamStep = (tokens) =>
      Float64Array.from([...tokens].flatMap((token) => [-Infinity, token === BEGIN ? -2.4 : -1, -1]));
    const options = { ...common, vocabulary: 3, maxLength: 2, minLength: 0, beams: 2, best: 3 - 1 };
    const search = async (penalty: LengthPenalty) =>
      (await beamSearch(step, { ...options, scores: 'logProbabilities', lengthPenalty: penalty }))[0]?.map(
        ({ symbols, score }) => ({ length: symbols.length, score }),
      );
    // Lengths 0, 1, 2: -2.4, -2, -3. The hypothesis without a word ended first of all.
    expect(await search({ kind: 'none' })).toEqual([
      { length: 1, score: -2 },
      { length: 0, score: -2.4 },
    ]);
    expect(await search({ kind: 'mean' })).toEqual([
      { length: 1, score: -1 },
      { length: 2, score: -1 },
    ]);
    expect(await search({ kind: 'wu', alpha: 2 })).toEqual([
      { length: 1, score: expect.closeTo(-2 / (7 / 6) ** 2, 12) },
      { length: 2, score: expect.closeTo(-3 / (8 / 6) ** 2, 12) },
    ]);
  });

  it('finds for several sentences what it finds for each alone, and lets those that are done leave the batch', async () => {
    const sentences = 5;
    const model = new RandomModel(7, 6, sentences, 4);
    const options = {
      ...common,
      vocabulary: 6,
      beams: 3,
      best: 3,
      maxLength: 9,
      lengthPenalty: { kind: 'mean' },
    } as const;
    const together = await beamSearch(model.step(), { ...options, sentences });
    const { calls } = model;
    expect(calls[0]).toEqual({ tokens: [0, 0, 0, 0, 0], parents: [0, 1, 2, 3, 4], sentences: [0, 1, 2, 3, 4] });
    for (const [index, call] of calls.entries()) {
      expect(call.sentences).toEqual(call.sentences.toSorted((a, b) => a - b));
      const before = calls[index - 1];
      for (const [row, parent] of call.parents.entries()) {
        if (before !== undefined) expect(before.sentences[parent]).toBe(call.sentences[row]);
      }
    }
    const counts = calls.map((call) => new Set(call.sentences).size);
    expect(counts.at(-1)).toBeLessThan(sentences);
    for (let sentence = 0; sentence < sentences; sentence++) {
      const own = model.step();
      const alone: BeamStep = (tokens, parents) => own(tokens, parents, new Int32Array(tokens.length).fill(sentence));
      const [expected] = await beamSearch(alone, options);
      expect(together[sentence]).toEqual(expected);
      expect(expected).toHaveLength(3);
    }
  });

  it('takes log probabilities and promises as well as logits', async () => {
    const model = new RandomModel(3, 5);
    const options = { ...common, vocabulary: 5, beams: 4, best: 4, maxLength: 4 };
    const [expected] = await beamSearch(model.step(), options);
    const step = model.step('logProbabilities');
    const delayed: BeamStep = async (...call) => step(...call);
    const [found] = await beamSearch(delayed, { ...options, scores: 'logProbabilities' });
    expectSame(found, expected as BeamHypothesis[]);
  });

  it('stops with early stopping as soon as so many hypotheses have ended as there are beams', async () => {
    const model = new RandomModel(11, 5);
    const options = {
      ...common,
      vocabulary: 5,
      beams: 2,
      best: 2,
      maxLength: 30,
      lengthPenalty: { kind: 'mean' },
    } as const;
    await beamSearch(model.step(), options);
    const whole = model.calls.length;
    const [found] = await beamSearch(model.step(), { ...options, earlyStopping: true });
    expect(model.calls.length).toBeLessThan(whole);
    expect(found).toHaveLength(2);
  });

  it('never takes a symbol that the model forbids, and finds nothing where it forbids every end', async () => {
    const forbidding = (symbol: number): BeamStep => {
      const step = new RandomModel(5, 4).step();
      return async (tokens, ...rows) => {
        const scores = await step(tokens, ...rows);
        return scores.map((score, index) => (index % 4 === symbol ? Number.NEGATIVE_INFINITY : score));
      };
    };
    const options = { ...common, vocabulary: 4, beams: 8, best: 8, maxLength: 3 };
    const [found] = await beamSearch(forbidding(3), options);
    expect(found?.length).toBeGreaterThan(3);
    expect(found?.some(({ symbols }) => symbols.includes(3))).toBe(false);
    expect(await beamSearch(forbidding(END), options)).toEqual([[]]);
    const nothing: BeamStep = (tokens) => new Float32Array(4 * tokens.length).fill(Number.NEGATIVE_INFINITY);
    expect(await beamSearch(nothing, options)).toEqual([[]]);
  });

  it('lets the event loop go on between synchronous steps', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const model = new RandomModel(2, 4);
    const step = model.step();
    const slow: BeamStep = (...call) => {
      const until = performance.now() + 3;
      while (performance.now() < until);
      return step(...call);
    };
    await beamSearch(slow, { ...common, vocabulary: 4, beams: 2, maxLength: 20, minLength: 20 });
    clearInterval(timer);
    expect(model.calls.length).toBe(21);
    expect(turns).toBeGreaterThan(10);
  });

  it('throws on what the step throws, and refuses scores that are none', async () => {
    const options = { ...common, vocabulary: 3, beams: 2, maxLength: 2 };
    const failure = new Error('the model failed');
    const failing: BeamStep = () => {
      throw failure;
    };
    await expect(beamSearch(failing, options)).rejects.toBe(failure);
    const returning = (numbers: readonly number[], more: Partial<BeamSearchOptions> = {}) =>
      beamSearch(() => Float32Array.from(numbers), { ...options, ...more });
    await expect(returning([1, 2])).rejects.toThrow('the step returned 2 scores, expected 3');
    await expect(returning([1, 2])).rejects.toThrow(ShapeError);
    await expect(returning([1, Number.NaN, 2])).rejects.toThrow('symbol 1 in row 0 is NaN');
    await expect(returning([1, Number.POSITIVE_INFINITY, 2])).rejects.toThrow(NumericError);
    const notLogits = returning([-1, -2, 0.5], { scores: 'logProbabilities' });
    await expect(notLogits).rejects.toThrow("symbol 2 in row 0 is 0.5, but option 'scores' says logProbabilities");
  });

  it('refuses options before the first step', async () => {
    const options = { ...common, vocabulary: 3, beams: 2, maxLength: 2 };
    const wrong: Record<string, unknown>[] = [
      { beams: 0 },
      { vocabulary: 1.5 },
      { end: 3 },
      { begin: -1 },
      { maxLength: Number.NaN },
      { minLength: 3 },
      { best: 3 },
      { sentences: 0 },
      { scores: 'probabilities' },
      { earlyStopping: 1 },
      { lengthPenalty: { kind: 'wu' } },
      { lengthPenalty: { kind: 'wu', alpha: -1 } },
      { lengthPenalty: { kind: 'mean', alpha: 1 } },
      { width: 3 },
    ];
    let steps = 0;
    const step: BeamStep = () => {
      steps++;
      return new Float32Array(3);
    };
    for (const change of wrong) {
      await expect(beamSearch(step, { ...options, ...change } as BeamSearchOptions)).rejects.toThrow(OptionError);
    }
    expect(steps).toBe(0);
  });
});
