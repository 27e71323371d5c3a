/** Packs examples of one sequence each, with or without a target, into batches. */

import { DataError, OptionError, ShapeError } from '../core/errors.js';
import { describeValue, requireNumber, requireOneOf } from '../core/options.js';
import { isFloat32Array, isInt32Array } from '../core/typed-array.js';
import { isWeight, WEIGHT_RANGE } from '../core/weight-range.js';
import { type PackedBatch, type PackOptions, packSequences, type Rows } from './packed-batch.js';
import { sameKind } from './rows.js';

/** One sequence and its target. */
export interface SequenceExample {
  /** Ids [length], or rows of features [length * features]. */
  readonly input: Rows;
  /**
   * A class id of the whole sequence (-1 = ignored); or, as `targetPer` says, a target for each step (ids [length], rows
   * [length * targetFeatures]) or for the sequence (id [1], row [targetFeatures]).
   */
  readonly target?: Rows | number | undefined;
  /**
   * The weight of the whole sequence in the loss, a number >= 0; or the weights of its steps [length]. Only with a
   * target.
   */
  readonly weights?: Float32Array | number | undefined;
}

/** The form of the rows of examples. */
export interface SequencePackingOptions {
  /** Numbers in a row of a Float32Array input. Integer >= 1; default 1. */
  readonly features?: number;
  /** Numbers in a row of a Float32Array target. Integer >= 1; default 1. */
  readonly targetFeatures?: number;
  /** What a target that is an array belongs to: each step (the default), or the sequence. */
  readonly targetPer?: 'step' | 'sequence';
}

/** Names of the options of packing. */
export const PACKING_OPTIONS = ['features', 'targetFeatures', 'targetPer'];

/** The kind of an input, a target or weights. All examples must have the same kind. */
function kindOf(target: SequenceExample['target']): string {
  if (target === undefined || target === null) return 'none';
  return typeof target === 'number' ? 'a number' : target.constructor.name;
}

/** Checks examples one by one, naming the example, and packs them. */
export class SequencePacking {
  readonly #features: number;
  readonly #targetFeatures: number;
  readonly #targetPer: 'step' | 'sequence';

  /** @throws {OptionError} `invalid_option` */
  constructor(options: SequencePackingOptions = {}) {
    this.#features = requireNumber('features', options.features ?? 1, { integer: true, min: 1 });
    this.#targetFeatures = requireNumber('targetFeatures', options.targetFeatures ?? 1, { integer: true, min: 1 });
    this.#targetPer = requireOneOf('targetPer', options.targetPer ?? 'step', ['step', 'sequence']);
  }

  /**
   * Steps of an example. It is checked as far as this is possible without the other examples.
   *
   * @throws {OptionError} `invalid_option` when it is not an example
   * @throws {DataError} `empty_data` when it has no step
   * @throws {ShapeError} `shape_mismatch`, `length_mismatch` with both sizes
   */
  stepsOf(example: SequenceExample, index: number): number {
    const input = example?.input;
    requireArray(`the input of example ${index}`, input, index);
    const width = isInt32Array(input) ? 1 : this.#features;
    if (input.length === 0) throw new DataError('empty_data', `example ${index} has no steps`, { index });
    if (input.length % width !== 0 || (isInt32Array(input) && this.#features !== 1)) {
      const message = `the input of example ${index} is ${input.constructor.name} [${input.length}], which is not rows of ${this.#features} features`;
      throw new ShapeError('shape_mismatch', message, { index, length: input.length, features: this.#features });
    }
    const steps = input.length / width;
    if (example.target !== undefined && example.target !== null) this.#checkTarget(example.target, steps, index);
    if (example.weights !== undefined) checkWeights(example, steps, index);
    return steps;
  }

  #checkTarget(target: Rows | number, steps: number, index: number): void {
    if (typeof target === 'number') {
      if (Number.isInteger(target) && target >= -1 && target < 2 ** 31) return;
      const message = `the target of example ${index} must be a class id, an integer >= -1, got ${target}; numbers are Float32Array`;
      throw new OptionError('invalid_option', message, { index, value: target });
    }
    requireArray(`the target of example ${index}`, target, index);
    const rows = this.#targetPer === 'sequence' ? 1 : steps;
    const expected = rows * (isInt32Array(target) ? 1 : this.#targetFeatures);
    if (target.length === expected) return;
    const message = `the target of example ${index} has ${target.length} numbers, but ${rows} rows need ${expected}`;
    throw new ShapeError('length_mismatch', message, { index, length: target.length, expected });
  }

  /**
   * Checks that all inputs are of one kind, and all targets.
   *
   * @param numberOf number of the example at a place, for messages
   * @throws {DataError} `mixed_examples` with both kinds
   */
  requireAlike(examples: readonly SequenceExample[], numberOf: (place: number) => number): void {
    const [first] = examples;
    if (first === undefined) return;
    for (const [place, example] of examples.entries()) {
      for (const part of ['input', 'target', 'weights'] as const) {
        const [expected, kind] = [kindOf(first[part]), kindOf(example[part])];
        if (kind === expected) continue;
        const [index, other] = [numberOf(place), numberOf(0)];
        const message = `the ${part} of example ${index} is ${kind}, that of example ${other} is ${expected}: all must be of one kind`;
        throw new DataError('mixed_examples', message, { part, index, kind, other, expected });
      }
    }
  }

  /** A packed batch of examples. @param indices their numbers, for messages. Throws as `stepsOf` and `requireAlike`. */
  pack(examples: readonly SequenceExample[], indices: Int32Array): PackedBatch {
    for (const [place, example] of examples.entries()) this.stepsOf(example, indices[place] as number);
    this.requireAlike(examples, (place) => indices[place] as number);
    const inputs = examples.map(({ input }) => input);
    const targets = examples.map(({ target }) => target);
    const [first] = targets;
    const weights = packedWeights(examples);
    const widths = { features: this.#features, targetFeatures: this.#targetFeatures, ...weights };
    if (first === undefined || first === null) return packSequences(inputs, { features: this.#features });
    if (typeof first === 'number') {
      const sequenceTargets = Int32Array.from(targets as number[]);
      return packSequences(inputs, { features: this.#features, sequenceTargets, ...weights });
    }
    if (isInt32Array(first)) widths.targetFeatures = 1;
    if (this.#targetPer === 'step') return packSequences(inputs, { ...widths, targets: targets as Rows[] });
    const sequenceTargets = sameKind(first, first.length * targets.length);
    for (const [place, target] of targets.entries()) sequenceTargets.set(target as Rows, place * first.length);
    return packSequences(inputs, { ...widths, sequenceTargets });
  }
}

/** @throws {OptionError} `invalid_option`; {DataError} `invalid_weights`; {ShapeError} `length_mismatch` */
function checkWeights({ weights, target }: SequenceExample, steps: number, index: number): void {
  const given = typeof weights === 'number' ? [weights] : weights;
  const isTyped = typeof weights === 'number' || isFloat32Array(weights);
  if (given === undefined || !isTyped || target === undefined || target === null) {
    const message = `the weights of example ${index} must be a number or a Float32Array, beside a target, got ${describeValue(weights)}`;
    throw new OptionError('invalid_option', message, { index, value: weights });
  }
  const wrong = [...given].find((weight) => !isWeight(weight));
  if (wrong !== undefined) {
    const message = `the weights of example ${index} have ${wrong}, expected ${WEIGHT_RANGE}`;
    throw new DataError('invalid_weights', message, { index, weight: wrong });
  }
  if (typeof weights === 'number' || given.length === steps) return;
  const message = `example ${index} has ${given.length} weights, but ${steps} steps`;
  throw new ShapeError('length_mismatch', message, { index, length: given.length, expected: steps });
}

/** The weights of examples as `packSequences` takes them. */
function packedWeights(examples: readonly SequenceExample[]): Pick<PackOptions, 'weights'> {
  const weights = examples.map((example) => example.weights);
  const [first] = weights;
  if (first === undefined) return {};
  return { weights: typeof first === 'number' ? Float32Array.from(weights as number[]) : (weights as Float32Array[]) };
}

function requireArray(name: string, rows: unknown, index: number): asserts rows is Rows {
  if (isInt32Array(rows) || isFloat32Array(rows)) return;
  const message = `${name} must be an Int32Array or a Float32Array, got ${describeValue(rows)}`;
  throw new OptionError('invalid_option', message, { index });
}
