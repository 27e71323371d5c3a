/**
 * Reference of dropout and of its random numbers: Philox4x32-10, a counter-based generator, so that each element's
 * random word has a name (seed, step, operation, element) and does not depend on the order of the work.
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */

import { OptionError, ShapeError } from '../../src/core/errors.js';
import { element, type Matrix, mapElements } from './matrix.js';

/** Four 32-bit words, each 0 <= word < 2^32. */
export type Words = readonly [number, number, number, number];

const ROUNDS = 10;
const MULTIPLIERS = [0xd2511f53n, 0xcd9e8d57n] as const;
/** Golden ratio and sqrt(3) - 1, added to the key between rounds. */
const WEYL = [0x9e3779b9, 0xbb67ae85] as const;

/**
 * One block of Philox4x32-10.
 *
 * @param counter four 32-bit words
 * @param key     two 32-bit words
 */
export function philox4x32(counter: Words, key: readonly [number, number]): Words {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const product0 = MULTIPLIERS[0] * BigInt(c0);
    const product1 = MULTIPLIERS[1] * BigInt(c2);
    [c0, c1, c2, c3] = [
      (high(product1) ^ c1 ^ k0) >>> 0,
      low(product1),
      (high(product0) ^ c3 ^ k1) >>> 0,
      low(product0),
    ];
    k0 = (k0 + WEYL[0]) >>> 0;
    k1 = (k1 + WEYL[1]) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/**
 * The random word of element e = row * columns + column.
 * Generator key [seedLow, seedHigh], counter [floor(e / 4), stepLow, operationId, stepHigh], word e % 4 of the block.
 *
 * @param key [4] seedLow, seedHigh, stepLow, stepHigh: the bits of unsigned words
 */
export function dropoutWord(key: Int32Array, operationId: number, e: number): number {
  const word = (index: number): number => element(key, index) >>> 0;
  const counter: Words = [Math.floor(e / 4) >>> 0, word(2), operationId >>> 0, word(3)];
  const block = philox4x32(counter, [word(0), word(1)]);
  return element(block, e % 4);
}

/**
 * Inverted dropout: y = x / (1 - rate) where u >= rate, else 0, with u = (random word >>> 8) / 2^24. The rate is
 * compared as the integer round(rate * 2^24), so that float32 and double decide alike. The gradient is the same
 * operation applied to dy. A float32 kernel rounds the multiplier 1 / (1 - rate) to float32; it is exact here.
 *
 * @param operands.x           [R,C]
 * @param operands.key         [4] seedLow, seedHigh, stepLow, stepHigh
 * @param operands.rate        probability in [0, 1) that an element is dropped
 * @param operands.operationId 32-bit name of this dropout within the program
 * @returns y [R,C]
 * @throws {OptionError} `invalid_option` for a rate outside [0, 1)
 */
export function dropout(operands: { x: Matrix; key: Int32Array; rate: number; operationId: number }): { y: Matrix } {
  const { x, key, rate, operationId } = operands;
  if (!(rate >= 0 && rate < 1)) {
    throw new OptionError('invalid_option', `rate is ${rate}, expected 0 <= rate < 1`);
  }
  if (key.length !== 4) {
    throw new ShapeError('length_mismatch', `key holds ${key.length} words, expected 4`);
  }
  const threshold = Math.round(rate * 2 ** 24);
  const multiplier = 1 / (1 - rate);
  const keeps = (e: number): boolean => dropoutWord(key, operationId, e) >>> 8 >= threshold;
  return { y: mapElements(x, (value, e) => (keeps(e) ? value * multiplier : 0)) };
}

function high(product: bigint): number {
  return Number(product >> 32n);
}

function low(product: bigint): number {
  return Number(product & 0xffffffffn);
}
