/**
 * The numbers of a case, the same for all sides: parameters in PyTorch's order and layout, inputs, and gradients of the
 * outputs, as raw float32 in files of a folder that the benchmark makes for the case.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isStream, parametersOf, validStepsOf } from './problems.mjs';

/** Inputs that a stream reads one after the other, again and again. */
const STREAM_STEPS = 16;

/** Uniform numbers in [-scale, scale), the same for the same seed. */
function uniform(length, seed, scale) {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return (((bits ^ (bits >>> 14)) >>> 0) / 2147483648 - 1) * scale;
  });
}

/** `{ parameters, x, dy }` of a problem of recurrent layers. */
export function makeData(problem) {
  const { inputs, units, bidirectional } = problem;
  const numbers = parametersOf(problem).reduce((sum, { rows, columns }) => sum + rows * columns, 0);
  const rows = isStream(problem) ? STREAM_STEPS : validStepsOf(problem);
  return {
    parameters: uniform(numbers, 1, 1 / Math.sqrt(units)),
    x: uniform(rows * inputs, 2, 1),
    dy: uniform(rows * units * (bidirectional ? 2 : 1), 3, 1),
  };
}

/** Writes the numbers of a problem; returns the folder and how to remove it. */
export function writeData(problem) {
  const folder = mkdtempSync(path.join(tmpdir(), 'bptt-bench-'));
  for (const [name, values] of Object.entries(makeData(problem))) {
    writeFileSync(path.join(folder, `${name}.f32`), values);
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The numbers of a folder, as `makeData` gives them. */
export function readData(folder) {
  const read = (name) => {
    const bytes = readFileSync(path.join(folder, `${name}.f32`));
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  };
  return { parameters: read('parameters'), x: read('x'), dy: read('dy') };
}

/** The parameters by name, as views of the array. */
export function parametersByName(problem, values) {
  let begin = 0;
  return new Map(
    parametersOf(problem).map(({ name, rows, columns }) => {
      const data = values.subarray(begin, begin + rows * columns);
      begin += data.length;
      return [name, { rows, columns, data }];
    }),
  );
}

/** Packed rows [N, width] to [T, B, width] with zeros behind the end of a sequence. */
export function padRows(rows, batchSizes, width) {
  const batch = batchSizes[0];
  const padded = new Float32Array(batchSizes.length * batch * width);
  let begin = 0;
  for (const [step, alive] of batchSizes.entries()) {
    padded.set(rows.subarray(begin, begin + alive * width), step * batch * width);
    begin += alive * width;
  }
  return padded;
}

/** The reverse of `padRows`. */
export function packRows(padded, batchSizes, width) {
  const batch = batchSizes[0];
  const packed = new Float32Array(batchSizes.reduce((sum, alive) => sum + alive, 0) * width);
  let begin = 0;
  for (const [step, alive] of batchSizes.entries()) {
    packed.set(padded.subarray(step * batch * width, (step * batch + alive) * width), begin);
    begin += alive * width;
  }
  return packed;
}
