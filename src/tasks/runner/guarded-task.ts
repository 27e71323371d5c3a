/**
 * A built-in task that works on data from a file. Options, descriptions and vocabularies of a file are checked; what a task saved
 * beside them (names of classes, scales, encodings) has a form of its own, and a forged file may hold anything in its place.
 */
import { BpttError, CheckpointError } from '../../core/errors.js';
import type { AnyTask, TaskStream } from '../definition/task.js';

type Method = (...values: readonly unknown[]) => unknown;

/** What goes wrong in code that receives a value of another type. */
const OF_TYPES = [TypeError, RangeError, SyntaxError] as const;

/** The error of a task that cannot use its saved data; other errors as they are. */
function asCorrupt(task: string, run: string, error: unknown): unknown {
  if (error instanceof BpttError || !OF_TYPES.some((kind) => error instanceof kind)) return error;
  const reason = (error as Error).message;
  const message = `'${run}' is corrupt: the task '${task}' cannot use the data that are saved in it: ${reason}; if nobody has changed the file, this is a fault of bptt`;
  return new CheckpointError('checkpoint_corrupt', message, { path: run, task }, error);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

function isStream(value: unknown): value is TaskStream {
  return typeof value === 'object' && value !== null && 'push' in value && 'end' in value && 'close' in value;
}

/**
 * The task, with `checkpoint_corrupt` in place of the errors that data of another form cause in its code.
 *
 * @param run the path that its data are from, for messages
 */
export function guardedTask(task: AnyTask, run: string): AnyTask {
  const converted = (error: unknown) => asCorrupt(task.name, run, error);
  async function* iterated(values: AsyncIterable<unknown>) {
    try {
      yield* values;
    } catch (error) {
      throw converted(error);
    }
  }
  const guarded = (method: Method): Method => {
    return (...values) => {
      let result: unknown;
      try {
        result = method.apply(task, [...values]);
      } catch (error) {
        throw converted(error);
      }
      if (result instanceof Promise) {
        return result.catch((error: unknown) => {
          throw converted(error);
        });
      }
      if (isAsyncIterable(result)) return iterated(result);
      if (isStream(result))
        return { ...result, push: guarded(result.push as Method), end: guarded(result.end as Method) };
      return result;
    };
  };
  const members = Object.entries(task).map(([name, member]) => [
    name,
    typeof member === 'function' ? guarded(member as Method) : member,
  ]);
  return Object.fromEntries(members) as AnyTask;
}
