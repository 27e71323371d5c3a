/** The memory that callers give for the outputs of steps. */
import { checkType } from '../../batch/check-arrays.js';
import { ShapeError } from '../../core/errors.js';
import { elementCount, isFloat32Array } from '../../core/typed-array.js';
import { checkExecutionOptions, type ExecutionOptions } from '../execute/execution-options.js';

/** Options of asynchronous steps. */
interface StepOptions extends Pick<ExecutionOptions, 'signal'> {
  readonly into?: Float32Array;
}

/** @throws {ShapeError} `rank_mismatch` for what is no Float32Array; `length_mismatch` with both numbers for one that is too short */
export function requireRoom(into: Float32Array, count: number): void {
  checkType('into', into, false);
  if (into.length >= count) return;
  const message = `into has room for ${into.length} numbers, the outputs are ${count}`;
  throw new ShapeError('length_mismatch', message, { name: 'into', actual: into.length, expected: count });
}

/** Options, checked. @param count numbers of the outputs @throws as `requireRoom`; {OptionError} `unknown_option`, `invalid_option` */
export function checkStepOptions(name: string, options: StepOptions, count: number): StepOptions {
  checkExecutionOptions(name, options, ['signal', 'into']);
  if (options.into !== undefined) requireRoom(options.into, count);
  return options;
}

/** The outputs in the memory that was given for them; as they are where that memory has been moved away meanwhile. */
export function written(outputs: Float32Array, into: Float32Array | undefined): Float32Array {
  if (into === undefined || !isFloat32Array(into) || elementCount(into) < outputs.length) return outputs;
  into.set(outputs);
  return into;
}
