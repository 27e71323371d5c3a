/** A small model with random tables, its exhaustive search, and its step function for beam search. */
import type { BeamHypothesis, BeamStep } from '../../src/decoding/beam-search.js';
import { RandomOperands } from '../oracle/random-matrix.js';

/** Symbols 0 and 1 are the begin and end marks; the others are words. */
export const BEGIN = 0;
export const END = 1;

/** One call of the step function. */
export interface Call {
  readonly tokens: readonly number[];
  readonly parents: readonly number[];
  readonly sentences: readonly number[];
}

/** What is searched exhaustively. */
interface Search {
  readonly maxLength: number;
  readonly minLength?: number;
  readonly divisor?: (n: number) => number;
}

/** Number of positions with separate tables; later positions use the same tables again. */
const POSITIONS = 10;

/**
 * Logits that depend on the sentence, the position and the last two symbols: no two hypotheses have equal
 * scores. Its state is what it has read of each row so far.
 */
export class RandomModel {
  readonly vocabulary: number;
  readonly calls: Call[] = [];
  readonly #tables: Float64Array;
  #histories: number[][] = [];

  constructor(seed: number, vocabulary: number, sentences = 1, spread = 2) {
    this.vocabulary = vocabulary;
    const random = new RandomOperands(seed);
    const size = sentences * POSITIONS * vocabulary ** 3;
    this.#tables = Float64Array.from({ length: size }, () => random.number(-spread, spread));
  }

  /** Logits of the next symbol. */
  logits(sentence: number, history: readonly number[]): number[] {
    const { vocabulary } = this;
    const [last = BEGIN, before = BEGIN] = history.toReversed();
    const position = sentence * POSITIONS + (history.length % POSITIONS);
    const row = (position * vocabulary + before) * vocabulary + last;
    return [...this.#tables.subarray(row * vocabulary, (row + 1) * vocabulary)];
  }

  logProbabilities(sentence: number, history: readonly number[]): number[] {
    const logits = this.logits(sentence, history);
    const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    return logits.map((logit) => logit - total);
  }

  /** The model as a step function that carries the state of each row on from its parent. */
  step(kind: 'logits' | 'logProbabilities' = 'logits'): BeamStep {
    this.calls.length = 0;
    return (tokens, parents, sentences) => {
      const isFirst = this.calls.length === 0;
      this.calls.push({ tokens: [...tokens], parents: [...parents], sentences: [...sentences] });
      this.#histories = [...tokens].map((token, row) => {
        const history = this.#histories[parents[row] as number] as number[];
        return isFirst ? [] : [...history, token];
      });
      const rows = this.#histories.map((history, row) => this[kind](sentences[row] as number, history));
      return Float64Array.from(rows.flat());
    };
  }

  /** All hypotheses of a sentence, best first. */
  exhaustive(sentence: number, { maxLength, minLength = 0, divisor = () => 1 }: Search): BeamHypothesis[] {
    const found: BeamHypothesis[] = [];
    const visit = (history: number[], logProbability: number) => {
      const next = this.logProbabilities(sentence, history);
      if (history.length >= minLength) {
        const whole = logProbability + (next[END] as number);
        const score = whole / divisor(history.length + 1);
        found.push({ symbols: Int32Array.from(history), logProbability: whole, score });
      }
      if (history.length === maxLength) return;
      for (const [symbol, own] of next.entries()) {
        if (symbol !== END) visit([...history, symbol], logProbability + own);
      }
    };
    visit([], 0);
    return found.sort((a, b) => b.score - a.score);
  }
}
