/**
 * Prefix beam search over the outputs of a network that was trained with connectionist temporal classification.
 * Sources: Graves, "Supervised sequence labelling with recurrent neural networks", 2008; Hannun, Maas, Jurafsky, Ng,
 * "First-pass large vocabulary continuous speech recognition using bi-directional recurrent DNNs", 2014.
 */
import { requireSignal } from '../core/arguments.js';
import { NumericError, OptionError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber } from '../core/options.js';
import { type FrameScores, type Frames, logSoftmax, requireFrames } from './ctc-frames.js';
import { logAdd, Prefix } from './prefix-tree.js';

/** A language model of labels: the natural logarithm of the probability of `next` after `prefix`. */
export type LabelModel = (prefix: readonly number[], next: number) => number;

/** Options of a search. */
export interface CtcBeamSearchOptions {
  /** Sequences that are kept after each frame, integer >= 1; default 16. */
  readonly width?: number;
  /** Sequences to return, integer >= 1; default 1. Never more than the beam holds. */
  readonly best?: number;
  /**
   * Classes of a frame with a lower probability than this, in [0, 1), are not tried; the most likely class always is.
   * Default 0.
   */
  readonly threshold?: number;
  /** Default none. Called for each sequence that is tried, and again when it is tried after it was dropped. */
  readonly languageModel?: LabelModel;
  /** Weight of the language model's score, >= 0; default 1. Hannun's alpha. */
  readonly weight?: number;
  /** Added to the score for each label, or for each word if `wordEnd` is given; default 0. Hannun's beta. */
  readonly insertionBonus?: number;
  /** Label that ends a word, such as the space. The language model and the bonus then apply at word ends only, and
   * not to the labels after the last word end. */
  readonly wordEnd?: number;
}

/** One sequence of labels that was found. */
export interface CtcHypothesis {
  readonly labels: number[];
  /** For each label the frame at which it began on the path through the beam. */
  readonly frames: number[];
  /** Logarithm of the probability of all paths of the beam that give the labels. */
  readonly logProbability: number;
  /** `logProbability`, the weighted language model and the bonuses: hypotheses are sorted by this score. */
  readonly score: number;
}

interface Search {
  readonly frames: Frames;
  readonly width: number;
  readonly best: number;
  readonly logThreshold: number;
  readonly languageModel: LabelModel | undefined;
  readonly weight: number;
  readonly insertionBonus: number;
  readonly wordEnd: number | undefined;
}

const OPTIONS = ['width', 'best', 'threshold', 'languageModel', 'weight', 'insertionBonus', 'wordEnd'] as const;

function checked(utterance: FrameScores, options: CtcBeamSearchOptions): Search {
  const frames = requireFrames(utterance);
  rejectUnknownKeys('ctcBeamSearch', options, OPTIONS);
  const { languageModel, wordEnd } = options;
  if (languageModel !== undefined && typeof languageModel !== 'function') {
    const message = `option 'languageModel' must be a function, got ${describeValue(languageModel)}`;
    throw new OptionError('invalid_option', message, { name: 'languageModel', value: languageModel });
  }
  if (wordEnd !== undefined) requireNumber('wordEnd', wordEnd, { integer: true, min: 0, max: frames.classes - 1 });
  const threshold = requireNumber('threshold', options.threshold ?? 0, { min: 0, exclusiveMax: 1 });
  return {
    frames,
    width: requireNumber('width', options.width ?? 16, { integer: true, min: 1 }),
    best: requireNumber('best', options.best ?? 1, { integer: true, min: 1 }),
    logThreshold: Math.log(threshold),
    languageModel,
    weight: requireNumber('weight', options.weight ?? 1, { min: 0 }),
    insertionBonus: requireNumber('insertionBonus', options.insertionBonus ?? 0),
    wordEnd,
  };
}

/** The score that a label adds to a sequence. */
function bonusOf(search: Search, prefix: Prefix, label: number): number {
  const { languageModel, weight, insertionBonus, wordEnd } = search;
  if (wordEnd !== undefined && label !== wordEnd) return 0;
  if (languageModel === undefined) return insertionBonus;
  const said = languageModel(prefix.labels(), label);
  if (typeof said !== 'number' || Number.isNaN(said) || said === Number.POSITIVE_INFINITY) {
    const message = `the language model returned ${describeValue(said)} for label ${label}, expected the logarithm of a probability`;
    throw new NumericError('non_finite_output', message, { label, value: said });
  }
  // 0 * -Infinity is NaN, so a language model of weight 0 is not added.
  return (weight === 0 ? 0 : weight * said) + insertionBonus;
}

/** The sequence with one more label. */
function extended(search: Search, prefix: Prefix, label: number, frame: number): Prefix {
  let child = prefix.children.get(label);
  if (child === undefined) {
    child = new Prefix(prefix, label, prefix.bonus + bonusOf(search, prefix, label), frame);
    prefix.children.set(label, child);
  }
  return child;
}

/** Classes of a frame that are tried besides the blank. */
function tried({ frames, logThreshold }: Search, says: Float64Array): number[] {
  const { classes, blank } = frames;
  const most = says.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const labels: number[] = [];
  for (let c = 0; c < classes; c++) {
    const score = says[c] as number;
    if (c !== blank && score > Number.NEGATIVE_INFINITY && (score >= logThreshold || score === most)) labels.push(c);
  }
  return labels;
}

/** The beam after one more frame: every sequence stays the same, or gets one more label. */
function step(search: Search, beam: readonly Prefix[], frame: number, says: Float64Array): Prefix[] {
  const { width, frames } = search;
  const candidates: Prefix[] = [];
  const meet = (prefix: Prefix) => {
    if (prefix.met === frame) return;
    prefix.met = frame;
    candidates.push(prefix);
  };
  const labels = tried(search, says);
  const isTried = new Set(labels);
  const ofBlank = says[frames.blank] as number;
  for (const prefix of beam) {
    const { total, blank, label: last } = prefix;
    meet(prefix);
    prefix.nextBlank = logAdd(prefix.nextBlank, total + ofBlank);
    if (isTried.has(last)) prefix.nextEnding = logAdd(prefix.nextEnding, prefix.ending + (says[last] as number));
    for (const label of labels) {
      // A repeat is a new label only after a blank.
      const before = label === last ? blank : total;
      if (before === Number.NEGATIVE_INFINITY) continue;
      const child = extended(search, prefix, label, frame);
      meet(child);
      child.nextEnding = logAdd(child.nextEnding, before + (says[label] as number));
    }
  }
  for (const prefix of candidates) prefix.advance();
  const kept = likeliest(candidates, width);
  for (const prefix of candidates) prefix.isKept = false;
  for (const prefix of kept) prefix.isKept = true;
  for (const prefix of candidates) if (!prefix.isKept) prefix.drop();
  return kept;
}

/** The sequences with the largest scores, in their order; of equal scores, the earlier one is kept. */
function likeliest(candidates: readonly Prefix[], width: number): Prefix[] {
  const scored = candidates.map((prefix) => ({ prefix, score: prefix.score }));
  const possible = scored.filter(({ score }) => score > Number.NEGATIVE_INFINITY);
  possible.sort((a, b) => b.score - a.score);
  return possible.slice(0, width).map(({ prefix }) => prefix);
}

function hypothesisOf(prefix: Prefix): CtcHypothesis {
  const frames = new Array<number>(prefix.length);
  for (let node = prefix; node.parent !== undefined; node = node.parent) frames[node.length - 1] = node.frame;
  return { labels: prefix.labels(), frames, logProbability: prefix.total, score: prefix.score };
}

/** The search, which pauses after each frame. */
function* searching(search: Search): Generator<undefined, CtcHypothesis[]> {
  const { frames, best } = search;
  const empty = new Prefix(undefined, -1, 0, 0);
  empty.blank = 0;
  let beam = [empty];
  const says = new Float64Array(frames.classes);
  for (let frame = 0; frame < frames.count; frame++) {
    if (!logSoftmax(frames, frame, says)) {
      const message = `the scores of frame ${frame} have no finite maximum`;
      throw new NumericError('non_finite_output', message, { frame });
    }
    beam = step(search, beam, frame, says);
    yield;
  }
  return beam.slice(0, best).map(hypothesisOf);
}

/**
 * The most likely sequences of labels, where the probability of a sequence is the sum over all paths that give it. With
 * a beam that contains all sequences it is exact. A narrower beam loses the paths through dropped sequences.
 *
 * @returns at most `best` hypotheses, the best first; none when the language model forbids all
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @throws {ShapeError} `rank_mismatch`, `length_mismatch`
 * @throws {NumericError} `non_finite_output` for scores that are NaN, or a language model that does not return a
 * logarithm
 * @example const found = ctcBeamSearchSync({ scores: logits, classes: 29 }, { width: 32, best: 3 });
 */
export function ctcBeamSearchSync(utterance: FrameScores, options: CtcBeamSearchOptions = {}): CtcHypothesis[] {
  const search = searching(checked(utterance, options));
  let turn = search.next();
  while (turn.done !== true) turn = search.next();
  return turn.value;
}

/** Longest time in milliseconds for which a search blocks the event loop, apart from its last frame. */
const TURN_MS = 4;

/**
 * Like `ctcBeamSearchSync`, but the event loop continues between frames. `scores` must not change meanwhile.
 *
 * @param settings.signal stops the search
 * @returns rejects with the errors of `ctcBeamSearchSync`, or the signal's reason
 */
export async function ctcBeamSearch(
  utterance: FrameScores,
  options: CtcBeamSearchOptions = {},
  settings: { readonly signal?: AbortSignal } = {},
): Promise<CtcHypothesis[]> {
  const search = searching(checked(utterance, options));
  rejectUnknownKeys('the settings of a search', settings, ['signal']);
  requireSignal(settings.signal);
  for (;;) {
    settings.signal?.throwIfAborted();
    const begin = performance.now();
    do {
      const turn = search.next();
      if (turn.done === true) return turn.value;
    } while (performance.now() - begin < TURN_MS);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
