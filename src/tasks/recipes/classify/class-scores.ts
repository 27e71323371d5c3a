/** The scores of a classifier, and how they are shown. */

import type { SequencePackingOptions } from '../../../batch/sequence-packing.js';
import type { JsonObject, JsonValue } from '../../../core/json.js';
import { ConfusionMatrix, largestClasses } from '../../../metrics/confusion-matrix.js';
import type { Model } from '../../../model/model.js';
import { outputsOf } from '../../building-blocks/outputs.js';
import { probabilities } from '../../building-blocks/probabilities.js';
import type { Part } from '../../definition/parts.js';
import { Calibration, type CalibrationMetrics, describeCalibration } from './class-calibration.js';
import { adjustOf, type FinishedClasses, type Scores } from './class-finish.js';
import { areSpanTags, SpanCounts, type SpanMetrics } from './tag-spans.js';

/** Largest number of classes for which the confusion matrix is shown. */
const SHOWN_CLASSES = 20;

/** What chooses the best model: how many targets are right, or how probable the right ones are. */
export const CHOICES = ['accuracy', 'probability'] as const;
/** What chooses the best model of tags: also how many spans are right. */
export const TAG_CHOICES = [...CHOICES, 'spans'] as const;

/** How a part is scored. */
export interface ScoreOptions {
  /** Default `accuracy`. */
  readonly choose?: (typeof TAG_CHOICES)[number] | undefined;
  /** What the end of the training has fitted; default: the network answers alone. */
  readonly finished?: JsonObject | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Accuracy, macro F1 and confusion matrix over all targets: of sequences, or of steps (-1 = ignored). Where the classes of steps
 * are tags of spans, also how many spans are right; and where it chooses the best model, the mean probability of the right
 * class.
 *
 * @throws the signal's reason when it is aborted
 */
export async function classScores(
  model: Model,
  part: Part,
  classes: readonly string[],
  packing: SequencePackingOptions,
  { choose, finished, signal }: ScoreOptions = {},
): Promise<JsonObject> {
  const matrix = new ConfusionMatrix(classes);
  const spans = areSpanTags(classes) ? new SpanCounts(classes) : undefined;
  const adjust = adjustOf(finished);
  const calibration = finished && new Calibration();
  let probable = 0;
  for await (const { example, output: own } of outputsOf(model, part, packing, signal)) {
    const { target, input } = example;
    const output = adjust(own, input);
    const targets = typeof target === 'number' ? [target] : (target ?? []);
    const guesses = largestClasses(output, classes.length);
    matrix.addAll(targets, guesses);
    if (choose === 'probability') probable += probabilityOf(output, targets, classes.length);
    if (typeof target === 'object') spans?.add(target, guesses);
    if (calibration !== undefined) {
      for (let at = 0; at < targets.length; at++) {
        const of = (scores: Scores) => scores.subarray(at * classes.length, (at + 1) * classes.length);
        if (targets[at] !== -1) calibration.add(of(own), of(output), targets[at] as number);
      }
    }
  }
  const { accuracy = null, macroF1 = null, total } = matrix;
  return {
    ...{ accuracy, macroF1, targets: total },
    ...(choose === 'probability' && { meanProbability: total === 0 ? null : probable / total }),
    ...(spans && { spans: spans.metrics() }),
    ...(calibration && finished && { calibration: calibration.metrics(finished as FinishedClasses) }),
    confusion: matrix.rows(),
  };
}

/** The sum of the probabilities of the right classes, without targets of -1. */
function probabilityOf(output: Scores, targets: ArrayLike<number>, classes: number): number {
  let sum = 0;
  for (let at = 0; at < targets.length; at++) {
    const target = targets[at] as number;
    if (target === -1) continue;
    sum += probabilities(output.subarray(at * classes, (at + 1) * classes))[target] as number;
  }
  return sum;
}

/** The fraction of the targets that were not recognised. */
export function errorRate({ accuracy }: JsonObject): number {
  return typeof accuracy === 'number' ? 1 - accuracy : 1;
}

/**
 * What chooses the best model: the probability that is not on the right class, the fraction of targets that were not recognised, or what the F1 of spans lacks
 * to 1, which is 0 where there is no span and none was found.
 */
export function choosingScore(metrics: JsonObject, { choose }: Pick<ScoreOptions, 'choose'>): number {
  const { meanProbability, spans } = metrics;
  if (choose === 'spans') return 1 - ((spans as SpanMetrics | undefined)?.f1 ?? 1);
  return typeof meanProbability === 'number' ? 1 - meanProbability : errorRate(metrics);
}

/** A fraction in percent; a dash for none. */
export function percentOf(value: JsonValue | undefined): string {
  return typeof value === 'number' ? `${(100 * value).toFixed(2)} %` : '-';
}

/** The accuracy, and the F1 of spans if there is one. */
export function describeRuleScores({ accuracy, spans }: JsonObject): string {
  return [
    `accuracy ${percentOf(accuracy)}`,
    ...(spans === undefined ? [] : [describeSpans(spans as SpanMetrics)]),
  ].join('  ');
}

function describeSpans({ f1, precision, recall }: SpanMetrics): string {
  return `span F1 ${percentOf(f1)} (precision ${percentOf(precision)}, recall ${percentOf(recall)})`;
}

/** Accuracy, macro F1 and F1 of spans in a line, and the confusion matrix if it is not too wide. */
export function describeClassScores(
  { accuracy, macroF1, spans, calibration, confusion }: JsonObject,
  classes: readonly string[],
): string {
  const figures = [`accuracy ${percentOf(accuracy)}`, `macro F1 ${percentOf(macroF1)}`];
  const scores = [...figures, ...(spans === undefined ? [] : [describeSpans(spans as SpanMetrics)])].join('  ');
  const line =
    calibration === undefined ? scores : `${scores}\n${describeCalibration(calibration as CalibrationMetrics)}`;
  if (classes.length > SHOWN_CLASSES) return line;
  const rows = confusion as readonly (readonly number[])[];
  return `${line}\n${confusionTable(rows, classes)}`;
}

/** The matrix as text, a line for each target. */
function confusionTable(rows: readonly (readonly number[])[], classes: readonly string[]): string {
  const lines = [
    ['target \\ predicted', ...classes],
    ...rows.map((row, at) => [classes[at] ?? '', ...row.map(String)]),
  ];
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0);
  return lines.map((line) => line.map(pad).join('  ')).join('\n');
}
