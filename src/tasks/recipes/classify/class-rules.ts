/** The naive rules of tasks that classify. */
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import type { JsonObject } from '../../../core/json.js';
import { featuresOf, idsOf } from '../../building-blocks/sequence-inputs.js';
import type { NaiveRule, NaiveRules } from '../../definition/naive-rule.js';
import { type Part, partExamples } from '../../definition/parts.js';
import { MostFrequent } from '../../naive/most-frequent.js';
import { NaiveBayes } from '../../naive/naive-bayes.js';
import { NearestNeighbour } from '../../naive/nearest-neighbour.js';
import { describeRuleScores, errorRate } from './class-scores.js';
import type { SavedClasses } from './classify-data.js';
import { areSpanTags, SpanCounts } from './tag-spans.js';

/** Symbols of the longest n-grams of naive Bayes, by the kind of symbols. */
const GRAMS = { characters: 3, bytes: 3, words: 1, tokens: 1 } as const;

/** Numbers of all training series with which one is compared in some twenty milliseconds. The nearest is a rule for sets up to this size. */
const MOST_NUMBERS = 2 ** 24;

/** The class of each target of a sequence. */
type Guess = (input: SequenceExample['input'], at: number) => number;

/** A rule that guesses every target, once it has learnt from the training part. */
function ruleOf(
  name: string,
  classes: readonly string[],
  learn: (pace: () => Promise<void>) => Promise<Guess>,
): NaiveRule<Part> {
  let guess: Guess | undefined;
  return {
    name,
    async judge(part, pace) {
      guess ??= await learn(pace);
      const spans = areSpanTags(classes) ? new SpanCounts(classes) : undefined;
      let [right, all] = [0, 0];
      for await (const { input, target } of partExamples(part)) {
        await pace();
        const targets = typeof target === 'number' ? [target] : ((target ?? []) as ArrayLike<number>);
        const guesses = Array.from(targets, (label, at) => (label === -1 ? -1 : (guess as Guess)(input, at)));
        for (let at = 0; at < targets.length; at++) {
          if (targets[at] === -1) continue;
          all += 1;
          if (guesses[at] === targets[at]) right += 1;
        }
        if (typeof target === 'object') spans?.add(targets, guesses);
      }
      return { accuracy: all === 0 ? null : right / all, ...(spans && { spans: spans.metrics() }) };
    },
  };
}

function mostFrequentClass(training: Part, { classes }: SavedClasses): NaiveRule<Part> {
  return ruleOf('most frequent class', classes, async () => {
    const counts = new MostFrequent();
    for await (const { target } of partExamples(training)) {
      for (const label of labelsOf(target)) counts.learn(0, label);
    }
    const { label } = counts;
    return () => label;
  });
}

function labelsOf(target: SequenceExample['target']): Iterable<number> {
  const labels = typeof target === 'number' ? [target] : ((target ?? []) as Int32Array);
  return labels.filter((label) => label !== -1);
}

function mostFrequentBySymbol(training: Part, { classes }: SavedClasses): NaiveRule<Part> {
  return ruleOf('most frequent class of each symbol', classes, async (pace) => {
    const counts = new MostFrequent();
    for await (const { input, target } of partExamples(training)) {
      await pace();
      (target as Int32Array).forEach((label, at) => {
        if (label !== -1) counts.learn(input[at] as number, label);
      });
    }
    return (input, at) => counts.labelOf(input[at] as number);
  });
}

function naiveBayes(training: Part, { classes, encoding }: SavedClasses): NaiveRule<Part> {
  return ruleOf('naive Bayes', classes, async (pace) => {
    const { kind } = encoding as Exclude<SavedClasses['encoding'], { readonly kind: 'features' }>;
    const bayes = new NaiveBayes({ classes: classes.length, symbols: idsOf(encoding) ?? 0, order: GRAMS[kind] });
    for await (const { input, target } of partExamples(training)) {
      await pace();
      if (target !== -1) bayes.learn(input, target as number);
    }
    return (input) => bayes.classify(input);
  });
}

function nearestNeighbour(training: Part, { classes, encoding }: SavedClasses): NaiveRule<Part> {
  return ruleOf('nearest neighbour', classes, async () => {
    const known: { input: Float32Array; label: number }[] = [];
    for await (const { input, target } of partExamples(training)) {
      if (target !== -1) known.push({ input: input as Float32Array, label: target as number });
    }
    const neighbours = new NearestNeighbour(known, featuresOf(encoding));
    return (input) => neighbours.classify(input as Float32Array);
  });
}

function isSmall(training: Part): boolean {
  return !('read' in training) && training.reduce((sum, { input }) => sum + input.length, 0) <= MOST_NUMBERS;
}

/** The standard error of a share of wrong targets, of at least one wrong and one right one more than were found. */
function standardError({ accuracy, targets }: JsonObject): number {
  const count = Number(targets);
  const wrong = ((1 - Number(accuracy)) * count + 1) / (count + 2);
  return Math.sqrt((wrong * (1 - wrong)) / Math.max(1, count));
}

/** @param perStep whether there is a class for each step, and not for the sequence */
export function classRules(
  { training }: { readonly training: Part },
  saved: SavedClasses,
  perStep: boolean,
): NaiveRules<Part> {
  const hasSymbols = saved.encoding.kind !== 'features';
  const own = {
    symbols: (part: Part) => (perStep ? mostFrequentBySymbol(part, saved) : naiveBayes(part, saved)),
    numbers: perStep || !isSmall(training) ? undefined : (part: Part) => nearestNeighbour(part, saved),
  }[hasSymbols ? 'symbols' : 'numbers'];
  return {
    rules: [mostFrequentClass(training, saved), ...(own === undefined ? [] : [own(training)])],
    describe: describeRuleScores,
    score: errorRate,
    error: standardError,
    advice: perStep
      ? 'more data, --auto 60, which compares other structures, or --level and --min-count for other symbols'
      : 'more data, --auto 60, which compares other structures, or --class-weights balanced for rare classes',
  };
}
