/** Small models, random packed batches and exact copies of everything that a training step may change. */

import type { Batch } from '../../src/batch/batch.js';
import { Random } from '../../src/core/random.js';
import type { CarriedState } from '../../src/model/execute/carried-state.js';
import type { CompileOptions, Model } from '../../src/model/model.js';
import { type Network, sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { gru, lstm, rnn } from '../../src/network/layers/recurrent.js';

/** Symbols of the character models. */
export const SYMBOLS = 11;

/** Recurrent layers by name. */
export const CELLS = { rnn, lstm, gru } as const;
export type Cell = keyof typeof CELLS;

/** Shape of a character model. */
export interface CharacterOptions {
  readonly cell?: Cell;
  readonly units?: number;
  readonly layers?: number;
  readonly dropout?: number;
}

/** Embedding, recurrent layers, affine layer: symbols in, logits out. */
export function characterNetwork({
  cell = 'lstm',
  units = 9,
  layers = 1,
  dropout = 0,
}: CharacterOptions = {}): Network {
  return sequential([
    embedding({ size: SYMBOLS, units: 5 }),
    CELLS[cell]({ units, layers, dropout }),
    dense({ units: SYMBOLS }),
  ]);
}

/** A compiled character model, on one thread unless it is told otherwise. */
export function characterModel(shape: CharacterOptions = {}, options: CompileOptions = {}): Model {
  return characterNetwork(shape).compileSync({ threads: 1, ...options });
}

/** Batch size of every step, for lengths in descending order. */
export function batchSizesOf(lengths: readonly number[]): Int32Array {
  return Int32Array.from({ length: lengths[0] as number }, (_, t) => lengths.filter((length) => length > t).length);
}

/** A packed batch of random symbols and targets for sequences of these lengths, longest first. */
export function randomBatch(lengths: readonly number[], seed = 1): Batch {
  const random = new Random(seed, 'batch');
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  const ids = () => Int32Array.from({ length: rows }, () => random.integer(SYMBOLS));
  return { batchSizes: batchSizesOf(lengths), inputs: { input: ids() }, targets: { target: ids() } };
}

/** `count` random numbers in -1..1. */
export function randomNumbers(count: number, seed = 1): Float32Array {
  const random = new Random(seed, 'numbers');
  return Float32Array.from({ length: count }, () => 2 * random.uniform() - 1);
}

/** The bytes of an array. */
export function bitsOf(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex');
}

/** Everything that a training step changes on success and must not change on failure, as bytes. */
export function imageOf(model: Model, state?: CarriedState): Record<string, unknown> {
  const bytes = (values: Iterable<readonly [string, Float32Array]>) =>
    Object.fromEntries([...values].map(([name, data]) => [name, bitsOf(data)]));
  return {
    step: model.step,
    parameters: bytes([...model.parameters].map(([name, { data }]) => [name, data] as const)),
    optimizer: bytes(model.optimizerState),
    state: state === undefined ? undefined : bytes(state.values),
  };
}
