/** What is fitted on the validation part when a classifier is trained: its temperature, and how much naive Bayes counts beside it. */
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { CheckpointError } from '../../../core/errors.js';
import { isJsonObject, type JsonObject } from '../../../core/json.js';
import { meanOf } from '../../../core/statistics.js';
import type { Model } from '../../../model/model.js';
import { crossEntropyOf, fitScales, type ScoredExamples } from '../../building-blocks/fit-scales.js';
import { outputsOf } from '../../building-blocks/outputs.js';
import { paceOf } from '../../building-blocks/pace.js';
import { featuresOf, idsOf } from '../../building-blocks/sequence-inputs.js';
import { type Part, partExamples } from '../../definition/parts.js';
import type { TaskData } from '../../definition/task.js';
import { isSavedNaiveBayes, NaiveBayes, type SavedNaiveBayes } from '../../naive/naive-bayes.js';
import { CLASSIFY } from '../defaults/classify.js';
import type { SavedClasses } from './classify-data.js';

/** What is saved with a run. */
export type FinishedClasses = {
  /** The outputs of the network are divided by it. */
  readonly temperature: number;
  /** Naive Bayes, whose scores times the weight are added to the outputs; missing where it does not help. */
  readonly naiveBayes?: { readonly weight: number; readonly learnt: SavedNaiveBayes };
};

/** The options that decide what is fitted. */
export interface FinishOptions {
  readonly calibrate: 'yes' | 'no';
  /** Missing for tags. */
  readonly blend?: 'yes' | 'no';
  readonly weight: string | undefined;
}

/** Scores of classes, of one target or of several. */
export type Scores = Float32Array | Float64Array;

/** Changes the outputs of a network: of one sequence, or of all its steps. */
export type Adjust = (output: Float32Array, input: SequenceExample['input']) => Scores;

/**
 * Fits the temperature, and the weight of naive Bayes for whole texts.
 *
 * @returns undefined without a validation part, and when an option says no
 * @throws the signal's reason when it is aborted
 */
export async function finishClasses(
  model: Model,
  { training, validation, saved }: TaskData<SavedClasses>,
  { calibrate, blend = 'no', weight }: FinishOptions,
  signal?: AbortSignal,
): Promise<FinishedClasses | undefined> {
  if (validation === undefined || calibrate === 'no') return undefined;
  const isWeighed = weight !== undefined || saved.classWeights !== undefined;
  const bayes = blend === 'no' || isWeighed ? undefined : await learnt(training, saved, signal);
  const examples = await scored(model, validation, saved, { bayes, signal });
  const alone = { ...examples, sources: examples.sources.slice(0, 1) };
  const [scale = 1] = fitScales(alone, [1]);
  if (bayes !== undefined) {
    const [own = 1, added = 0] = fitScales(examples, [1, 0]);
    const gain = crossEntropyOf(alone, [scale]) - crossEntropyOf(examples, [own, added]);
    if (gain * examples.targets.length > CLASSIFY.leastGain.value) {
      return { temperature: 1 / own, naiveBayes: { weight: added, learnt: bayes.toJSON() } };
    }
  }
  return { temperature: 1 / scale };
}

/** Naive Bayes of the training part; undefined where the inputs are no symbols, and where there are too many n-grams to save. */
async function learnt(
  training: Part,
  { classes, encoding }: SavedClasses,
  signal: AbortSignal | undefined,
): Promise<NaiveBayes | undefined> {
  if (encoding.kind === 'features') return undefined;
  const sizes = { classes: classes.length, symbols: idsOf(encoding) ?? 0, order: CLASSIFY.grams.value[encoding.kind] };
  const bayes = new NaiveBayes(sizes);
  const pace = paceOf({ signal });
  for await (const { input, target } of partExamples(training)) {
    await pace();
    if (target !== -1) bayes.learn(input, target as number);
    if (bayes.size > CLASSIFY.mostGrams.value) return undefined;
  }
  return bayes;
}

/** The scores of the classes of a part, by the network and by naive Bayes. */
async function scored(
  model: Model,
  part: Part,
  { classes, encoding }: SavedClasses,
  { bayes, signal }: { readonly bayes: NaiveBayes | undefined; readonly signal: AbortSignal | undefined },
): Promise<ScoredExamples> {
  const size = classes.length;
  const targets: number[] = [];
  const [own, others]: [number[], number[]] = [[], []];
  const { targets: enough, scores: kept } = CLASSIFY.fitted.value;
  const most = Math.min(enough, Math.ceil(kept / size));
  for await (const { example, output } of outputsOf(
    model,
    spread(part, most),
    { features: featuresOf(encoding) },
    signal,
  )) {
    const { input, target } = example;
    const labels = typeof target === 'number' ? [target] : ((target ?? []) as ArrayLike<number>);
    for (let at = 0; at < labels.length; at++) {
      const label = labels[at] as number;
      if (label === -1) continue;
      targets.push(label);
      for (const score of output.subarray(at * size, (at + 1) * size)) own.push(score);
      if (bayes !== undefined) for (const score of centred(bayes.scores(input))) others.push(score);
    }
  }
  return { classes: size, sources: bayes === undefined ? [own] : [own, others], targets };
}

/** Examples from all over a part with about the given number of targets: a part may be in the order of its classes. */
function spread(part: Part, most: number): Part {
  if ('read' in part) return part;
  const count = part.reduce((sum, { target }) => sum + (typeof target === 'object' ? target.length : 1), 0);
  const stride = Math.max(1, Math.ceil(count / most));
  return part.filter((_, at) => at % stride === 0);
}

/** Scores whose mean is zero: those of long texts are large, and only their differences count. */
function centred(scores: Float64Array): Float64Array {
  const mean = meanOf(scores);
  return scores.map((score) => score - mean);
}

const ADJUSTS = new WeakMap<JsonObject, Adjust>();

/** What is done to the outputs of a network whose training has been finished; nothing to those of others. */
export function adjustOf(finished: JsonObject | undefined): Adjust {
  if (finished === undefined) return (output) => output;
  const known = ADJUSTS.get(finished);
  if (known !== undefined) return known;
  const { temperature, naiveBayes } = finished as FinishedClasses;
  const bayes = naiveBayes && NaiveBayes.fromJSON(naiveBayes.learnt);
  const adjust: Adjust = (output, input) => {
    const scores = Float64Array.from(output, (score) => score / temperature);
    if (naiveBayes === undefined || bayes === undefined) return scores;
    const added = centred(bayes.scores(input));
    return scores.map((score, at) => score + naiveBayes.weight * (added[at] as number));
  };
  ADJUSTS.set(finished, adjust);
  return adjust;
}

/** Least and largest temperature and weight; what is fitted is well within. */
const TEMPERATURES = [1e-3, 1e3] as const;
const MOST_WEIGHT = 1e3;

/**
 * Checks what was read from a file.
 *
 * @param expected the number of classes, and of the ids of inputs; undefined for numbers, which have no naive Bayes
 * @throws {CheckpointError} `checkpoint_corrupt`
 */
export function checkFinished(
  { temperature, naiveBayes }: JsonObject,
  { classes, symbols }: { readonly classes: number; readonly symbols: number | undefined },
): void {
  const refuse = (name: string, expected: string) => {
    throw new CheckpointError('checkpoint_corrupt', `'${name}' must be ${expected}`, { name });
  };
  const [least, most] = TEMPERATURES;
  if (!isBetween(temperature, least, most)) refuse('temperature', `a number from ${least} to ${most}`);
  if (naiveBayes === undefined) return;
  const { weight, learnt: counts } = isJsonObject(naiveBayes) ? naiveBayes : {};
  if (!isBetween(weight, 0, MOST_WEIGHT)) refuse('naiveBayes.weight', `a number from 0 to ${MOST_WEIGHT}`);
  if (symbols !== undefined && isSavedNaiveBayes(counts, { classes, symbols })) return;
  refuse('naiveBayes.learnt', `the counts of n-grams of the ${classes} classes and of the symbols of the model`);
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}
