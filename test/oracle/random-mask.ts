/** Reference of random masks: the choices of dropout, with two given values. */

import { dropout } from './dropout.js';
import { type Matrix, mapElements, zeros } from './matrix.js';

/**
 * y = `dropped` in the elements that {@link dropout} of this key and operation drops, `kept` in the others.
 *
 * @param operands.key         [4] seedLow, seedHigh, stepLow, stepHigh
 * @param operands.rate        probability in [0, 1) of `dropped`
 * @param operands.operationId 32-bit name of this mask within the program
 * @returns y [rows,columns]
 * @throws {OptionError} `invalid_option` for a rate outside [0, 1)
 */
export function randomMask(operands: {
  key: Int32Array;
  rate: number;
  operationId: number;
  dropped: number;
  kept: number;
  rows: number;
  columns: number;
}): { y: Matrix } {
  const { key, rate, operationId, dropped, kept, rows, columns } = operands;
  const ones = mapElements(zeros(rows, columns), () => 1);
  const choices = dropout({ x: ones, key, rate, operationId }).y;
  return { y: mapElements(choices, (value) => (value === 0 ? dropped : kept)) };
}
