/**
 * Beam search: the most probable sequences of a model that predicts the next symbol, step by step. It uses the model
 * only through a function that computes one step for any number of beams.
 */
import { setImmediate } from 'node:timers/promises';
import { ShapeError } from '../core/errors.js';
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import { BestContinuations, type ScoreKind } from './best-continuations.js';
import { type LengthPenalty, lengthPenalty } from './length-penalty.js';

/**
 * One step of the model for all beams.
 *
 * @param tokens    [beams] the symbol that each beam has just taken: in the first call the symbol `begin`
 * @param parents   [beams] the row of the previous call whose state each beam continues: in the first call, which has
 * one beam for each sentence, the number of the sentence
 * @param sentences [beams] the number of the sentence of each beam, never descending
 * @returns [beams * vocabulary] the scores of the next symbols; -Infinity forbids one. Read before the next call
 */
export type BeamStep = (
  tokens: Int32Array,
  parents: Int32Array,
  sentences: Int32Array,
) => Float32Array | Float64Array | Promise<Float32Array | Float64Array>;

/** Options of {@link beamSearch}. */
export interface BeamSearchOptions {
  /** Symbols of the model, integer >= 1. */
  readonly vocabulary: number;
  /** The first input of a model; it is not part of a hypothesis. */
  readonly begin: number;
  /** The symbol that ends a hypothesis; it is not part of the hypothesis, but its probability is. */
  readonly end: number;
  /** Number of beams of each sentence, integer >= 1. */
  readonly beams: number;
  /** Most symbols of a hypothesis, without `end`, integer >= 0: a hypothesis of that length can only end. */
  readonly maxLength: number;
  /** Fewest symbols, without `end`; default 0. */
  readonly minLength?: number;
  /** Number of sentences that are searched together; default 1. */
  readonly sentences?: number;
  /** Largest number of returned hypotheses of each sentence, 1 to `beams`; default 1. */
  readonly best?: number;
  /** Default none. */
  readonly lengthPenalty?: LengthPenalty;
  /** The kind of the scores; default logits, from which the log-softmax is computed. */
  readonly scores?: ScoreKind;
  /**
   * true: a sentence is done as soon as `beams` hypotheses have ended. false, the default: it is done as soon as no
   * beam can still become one of the best.
   */
  readonly earlyStopping?: boolean;
}

/** A sequence that was found. */
export interface BeamHypothesis {
  /** Without `begin` and `end`. */
  readonly symbols: Int32Array;
  /** Log probability of all symbols and the end. */
  readonly logProbability: number;
  /** The log probability divided by the length penalty of all symbols and the end. */
  readonly score: number;
}

/** A hypothesis that continues: a chain of symbols, newest first. */
interface Beam {
  readonly symbol: number;
  readonly before: Beam | undefined;
  readonly logProbability: number;
  /** Row of its state in the previous call, in which its symbol was chosen. */
  readonly row: number;
}

/** Sorting the symbols of large vocabularies takes longer than other code should wait. */
const PAUSE_AFTER_MS = 10;

/** Options with their defaults, checked. */
interface Settings extends Required<Omit<BeamSearchOptions, 'lengthPenalty'>> {
  readonly penalty: (n: number) => number;
}

const NAMES = [
  ...['vocabulary', 'begin', 'end', 'beams', 'maxLength', 'minLength', 'sentences', 'best', 'lengthPenalty'],
  ...['scores', 'earlyStopping'],
];

function settingsOf(options: BeamSearchOptions): Settings {
  rejectUnknownKeys('beamSearch', options, NAMES);
  const integer = (name: keyof BeamSearchOptions, min: number, max: number, value: unknown = options[name]) =>
    requireNumber(name, value, { integer: true, min, max });
  const most = 2 ** 31 - 1;
  const vocabulary = integer('vocabulary', 1, most);
  const beams = integer('beams', 1, most);
  const maxLength = integer('maxLength', 0, most);
  return {
    vocabulary,
    beams,
    maxLength,
    begin: integer('begin', 0, most),
    end: integer('end', 0, vocabulary - 1),
    minLength: integer('minLength', 0, maxLength, options.minLength ?? 0),
    sentences: integer('sentences', 1, most, options.sentences ?? 1),
    best: integer('best', 1, beams, options.best ?? 1),
    penalty: lengthPenalty(options.lengthPenalty ?? { kind: 'none' }),
    scores: requireOneOf('scores', options.scores ?? 'logits', ['logits', 'logProbabilities']),
    earlyStopping: requireOneOf('earlyStopping', options.earlyStopping ?? false, [true, false]),
  };
}

/** The search of one sentence. All of its beams have the same length. */
class SentenceSearch {
  readonly sentence: number;
  live: readonly Beam[];
  /** The best ended hypotheses, in descending order of their scores. */
  readonly found: BeamHypothesis[] = [];
  readonly #settings: Settings;
  #length = 0;
  #ended = 0;

  constructor(sentence: number, settings: Settings) {
    this.sentence = sentence;
    this.#settings = settings;
    this.live = [{ symbol: settings.begin, before: undefined, logProbability: 0, row: sentence }];
  }

  /**
   * Selects the best continuations of all beams. A continuation that ends becomes a hypothesis if it is among the best
   * `beams`. The others continue, up to `beams` of them.
   *
   * @param scores of all beams of the call; those of this sentence start at `firstRow`
   */
  advance(scores: ArrayLike<number>, firstRow: number): void {
    const { beams, end, minLength, maxLength, vocabulary } = this.#settings;
    // Each beam can end once, so twice as many continuations contain enough that do not end.
    const candidates = new BestContinuations(2 * beams, this.#settings.scores);
    const mustEnd = this.#length === maxLength;
    const symbols = {
      from: mustEnd ? end : 0,
      to: mustEnd ? end + 1 : vocabulary,
      except: this.#length < minLength ? end : -1,
    };
    for (const [index, { logProbability }] of this.live.entries()) {
      candidates.offer({ index, logProbability }, scores, firstRow + index, vocabulary, symbols);
    }
    const next: Beam[] = [];
    for (const [rank, { beam, symbol, logProbability }] of candidates.all.entries()) {
      const before = this.live[beam] as Beam;
      if (symbol === end) {
        if (rank < beams) this.#finish(before, logProbability);
      } else if (next.length < beams) {
        next.push({ symbol, before, logProbability, row: firstRow + beam });
      }
    }
    this.live = next;
    this.#length++;
    if (this.#isDone()) this.live = [];
  }

  #finish(last: Beam, logProbability: number): void {
    const symbols = new Int32Array(this.#length);
    let beam = last;
    for (let index = this.#length - 1; index >= 0; index--) {
      symbols[index] = beam.symbol;
      beam = beam.before as Beam;
    }
    const score = logProbability / this.#settings.penalty(this.#length + 1);
    const place = this.found.findIndex((other) => other.score < score);
    this.found.splice(place < 0 ? this.found.length : place, 0, { symbols, logProbability, score });
    if (this.found.length > this.#settings.best) this.found.pop();
    this.#ended++;
  }

  #isDone(): boolean {
    const { best, beams, earlyStopping, maxLength, penalty } = this.#settings;
    if (earlyStopping && this.#ended >= beams) return true;
    const worst = this.found[best - 1];
    const [first] = this.live; // the most probable
    if (worst === undefined || first === undefined) return first === undefined;
    // Log probabilities only decrease, and no divisor is larger than that of the longest hypothesis.
    return first.logProbability / penalty(maxLength + 1) <= worst.score;
  }
}

/**
 * Searches the most probable sequences of one sentence or of several together. All beams of all unfinished sentences
 * are rows of one call of `step`. The event loop continues between two steps, and between two sentences of a step that
 * takes long.
 *
 * @param step one step of the model; its errors are passed on
 * @returns for each sentence its best hypotheses, best first; fewer than `best` when fewer have ended, none when the
 * model forbids every end
 * @throws {OptionError} `invalid_option`, `unknown_option`; before the first step
 * @throws {ShapeError} `length_mismatch` when a step does not return beams * vocabulary scores
 * @throws {NumericError} `non_finite_output` when a score is NaN or Infinity
 * @example
 * const [hypotheses] = await beamSearch(step, { vocabulary: 50, begin: 1, end: 2, beams: 4, maxLength: 20, best: 4 });
 */
export async function beamSearch(step: BeamStep, options: BeamSearchOptions): Promise<BeamHypothesis[][]> {
  const settings = settingsOf(options);
  const searches = Array.from({ length: settings.sentences }, (_, sentence) => new SentenceSearch(sentence, settings));
  for (let live = searches; live.length > 0; live = live.filter(({ live: beams }) => beams.length > 0)) {
    const beams = live.flatMap((search) => search.live);
    const scores = await step(
      Int32Array.from(beams, ({ symbol }) => symbol),
      Int32Array.from(beams, ({ row }) => row),
      Int32Array.from(live.flatMap(({ sentence, live: own }) => own.map(() => sentence))),
    );
    const expected = beams.length * settings.vocabulary;
    if (scores.length !== expected) {
      const message = `the step returned ${scores.length} scores, expected ${expected}: ${settings.vocabulary} for each of ${beams.length} beams`;
      throw new ShapeError('length_mismatch', message, { length: scores.length, expected });
    }
    let row = 0;
    let since = performance.now();
    for (const search of live) {
      const count = search.live.length;
      search.advance(scores, row);
      row += count;
      if (performance.now() - since < PAUSE_AFTER_MS) continue;
      await setImmediate();
      since = performance.now();
    }
    // A step may be synchronous. Awaiting it alone would not let timers and sockets work.
    await setImmediate();
  }
  return searches.map(({ found }) => found);
}
