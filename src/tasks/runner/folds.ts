/** Folds: the training examples are divided, and each part is judged by a model that has learnt from the others. */
import { DataError, OptionError } from '../../core/errors.js';
import { groupBy } from '../../core/group-by.js';
import { Random } from '../../core/random.js';
import { TokenStreams } from '../../data/streams.js';
import type { AnyPart } from '../definition/parts.js';

/** A division of the training examples. */
export interface Fold {
  readonly training: readonly unknown[];
  /** The examples that the model has not seen. */
  readonly judged: readonly unknown[];
}

/**
 * Divides the training examples, with the same part of every class in each fold.
 *
 * @param count of folds
 * @param option that asks for them, for errors
 * @throws {OptionError} `invalid_option` for a text, and for examples that are made when a batch needs them, such as windows of
 *   a series, which overlap
 * @throws {DataError} `too_short` when there are fewer examples than folds
 */
export function foldsOf(
  training: AnyPart<unknown>,
  { count, seed, option }: { readonly count: number; readonly seed: number; readonly option: string },
): readonly Fold[] {
  if (training instanceof TokenStreams || 'read' in training) {
    const kind = training instanceof TokenStreams ? 'a text' : 'windows and joined examples';
    const message = `option '${option}' divides separate examples into folds, and this task trains on ${kind}: hold back a validation part instead`;
    throw new OptionError('invalid_option', message, { name: option });
  }
  if (training.length < count) {
    const message = `${training.length} training examples cannot be divided into ${count} folds`;
    throw new DataError('too_short', message, { examples: training.length, folds: count });
  }
  const foldOf = dealOut(training.map(classOf), count, seed);
  return Array.from({ length: count }, (_, fold) => ({
    training: training.filter((_example, at) => foldOf[at] !== fold),
    judged: training.filter((_example, at) => foldOf[at] === fold),
  }));
}

/** The fold of each example: the examples of one class after the other, shuffled, are dealt out like cards. */
function dealOut(labels: readonly number[], count: number, seed: number): Int32Array {
  const foldOf = new Int32Array(labels.length);
  let next = 0;
  for (const [label, indices] of groupBy(labels.keys(), (at) => labels[at] as number)) {
    new Random(seed, `folds/${label}`).shuffle(indices);
    for (const at of indices) foldOf[at] = next++ % count;
  }
  return foldOf;
}

/** The class of an example of one class; examples without one are all alike. */
function classOf(example: unknown): number {
  const { target } = example as { readonly target?: unknown };
  return typeof target === 'number' ? target : 0;
}
