/** Spans that tags mark: names of people in BIO, IOB, BIOES or BILOU tags, and how many of them are found. */

import { OptionError } from '../../../core/errors.js';
import { listSome } from '../../../core/list-some.js';
import { quoted } from '../../../files/row-error.js';

/** What stands for no span. */
const OUTSIDE = 'O';

/** A tag of a span: where in the span it stands, and the kind of the span, which may be missing. */
const TAG = /^([BIESLUM])(?:[-_](.+))?$/;

/** Places at which a span of one step, or its first step, begins for certain. */
const BEGINS = new Set(['B', 'S', 'U']);
/** Places behind which a span has ended for certain. */
const ENDS = new Set(['E', 'L', 'S', 'U']);

interface Place {
  readonly at: string;
  readonly kind: string;
}

/** A span: first and last step, and its kind. */
export interface Span {
  readonly first: number;
  readonly last: number;
  readonly kind: string;
}

/** Exact matches of spans: a span counts as found when its first step, its last step and its kind are right. */
export type SpanMetrics = {
  /** Harmonic mean of precision and recall; null where there is no span at all. */
  readonly f1: number | null;
  /** The part of the spans found that are right; null where none was found. */
  readonly precision: number | null;
  /** The part of the true spans that were found; null where there are none. */
  readonly recall: number | null;
  /** True spans, spans found, and those of them that are right. */
  readonly targets: number;
  readonly found: number;
  readonly right: number;
};

/**
 * Whether classes are tags of spans: `O`, and others of which all are B-, I- and so on, one of them B or I.
 */
export function areSpanTags(classes: readonly string[]): boolean {
  const others = classes.filter((name) => name !== OUTSIDE);
  if (others.length === classes.length || others.length === 0) return false;
  const places = others.map((name) => TAG.exec(name)?.[1]);
  return !places.includes(undefined) && (places.includes('B') || places.includes('I'));
}

/** @throws {OptionError} `invalid_option` where the F1 of spans cannot choose the best model */
export function requireSpanTags(classes: readonly string[]): void {
  if (areSpanTags(classes)) return;
  const found = listSome(classes.map(quoted));
  const message = `option 'choose' is 'spans', which needs tags of spans (O, and others such as B-PER and I-PER), found ${found}; leave it away, or choose by 'probability' or 'accuracy'`;
  throw new OptionError('invalid_option', message, { name: 'choose', value: 'spans', classes });
}

function placeOf(tag: string | undefined): Place | undefined {
  const [, at, kind = ''] = TAG.exec(tag ?? OUTSIDE) ?? [];
  return at === undefined ? undefined : { at, kind };
}

/** Whether a span begins at a step, as the script `conlleval` of the CoNLL shared tasks decides it. */
function begins(before: Place | undefined, now: Place | undefined): boolean {
  if (now === undefined) return false;
  return before === undefined || BEGINS.has(now.at) || ENDS.has(before.at) || before.kind !== now.kind;
}

/**
 * The spans of a sequence of tags, also of tags that break the rules of their scheme: an `I-` behind `O` begins a span.
 *
 * @param tags undefined for a step without one
 */
export function spansOf(tags: readonly (string | undefined)[]): Span[] {
  const spans: Span[] = [];
  let before: Place | undefined;
  let first = 0;
  for (let at = 0; at <= tags.length; at++) {
    const now = placeOf(tags[at]);
    const isNew = begins(before, now);
    if (before !== undefined && (now === undefined || isNew)) spans.push({ first, last: at - 1, kind: before.kind });
    if (isNew) first = at;
    before = now;
  }
  return spans;
}

/** Counts the spans of sequences. */
export class SpanCounts {
  readonly #classes: readonly string[];
  #targets = 0;
  #found = 0;
  #right = 0;

  /** @param classes tags by their index */
  constructor(classes: readonly string[]) {
    this.#classes = classes;
  }

  /**
   * Adds a sequence.
   *
   * @param targets indices of classes, -1 for a step that is left out
   * @param guesses an index for each of them
   */
  add(targets: ArrayLike<number>, guesses: ArrayLike<number>): void {
    const steps = Array.from({ length: targets.length }, (_, at) => at);
    const counts = (at: number) => targets[at] !== -1;
    const truth = spansOf(steps.map((at) => this.#classes[targets[at] as number]));
    const found = spansOf(steps.map((at) => (counts(at) ? this.#classes[guesses[at] as number] : undefined)));
    const known = new Set(truth.map(keyOf));
    this.#targets += truth.length;
    this.#found += found.length;
    this.#right += found.filter((span) => known.has(keyOf(span))).length;
  }

  metrics(): SpanMetrics {
    const [targets, found, right] = [this.#targets, this.#found, this.#right];
    const part = (whole: number) => (whole === 0 ? null : right / whole);
    const f1 = targets + found === 0 ? null : (2 * right) / (targets + found);
    return { f1, precision: part(found), recall: part(targets), targets, found, right };
  }
}

function keyOf({ first, last, kind }: Span): string {
  return `${first} ${last} ${kind}`;
}
