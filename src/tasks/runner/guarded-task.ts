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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return isObject(value) && Symbol.asyncIterator in value;
}

function isStream(value: unknown): value is TaskStream {
  return isObject(value) && 'push' in value && 'end' in value && 'close' in value;
}

/** Whether a value of the caller throws when it is read: it has accessors that throw, or is no plain data. */
function isUnreadable(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return false;
  } catch {
    return true;
  }
}

/** What the caller of a method brings into it: its errors are not those of the file. */
class CallersPart {
  readonly #thrown = new Set<unknown>();
  readonly #values: unknown[] = [];
  readonly #signals: AbortSignal[] = [];

  /** The arguments of a method; functions among them remember what they throw. */
  take(values: readonly unknown[]): unknown[] {
    return values.map((value) => {
      if (typeof value === 'function') return this.#remembering(value as Method);
      if (!isObject(value)) return value;
      const { note, signal, values: given } = value;
      if (given !== undefined) this.#values.push(given);
      if (isObject(signal)) this.#signals.push(signal as unknown as AbortSignal);
      return typeof note === 'function' ? { ...value, note: this.#remembering(note as Method) } : value;
    });
  }

  /** A value that the caller gives by itself. */
  add(value: unknown): void {
    this.#values.push(value);
  }

  isCauseOf(error: unknown): boolean {
    if (this.#thrown.has(error)) return true;
    return this.#signals.some(({ aborted, reason }) => aborted && reason === error) || isUnreadable(this.#values);
  }

  #remembering(callback: Method): Method {
    return (...values) => {
      try {
        return callback(...values);
      } catch (error) {
        this.#thrown.add(error);
        throw error;
      }
    };
  }
}

/** Calls a method, and gives its errors to `converted`, also those of its promise. */
function calling(method: Method, values: readonly unknown[], converted: (error: unknown) => unknown): unknown {
  let result: unknown;
  try {
    result = method(...values);
  } catch (error) {
    throw converted(error);
  }
  if (!(result instanceof Promise)) return result;
  return result.catch((error: unknown) => {
    throw converted(error);
  });
}

async function* iterated(values: AsyncIterable<unknown>, converted: (error: unknown) => unknown) {
  try {
    yield* values;
  } catch (error) {
    throw converted(error);
  }
}

/**
 * The task, with `checkpoint_corrupt` in place of the errors that data of another form cause in its code. Errors of what the caller
 * gives (callbacks, values, the reason of a signal) stay as they are.
 *
 * @param run the path that its data are from, for messages
 */
export function guardedTask(task: AnyTask, run: string): AnyTask {
  const converting = (part: CallersPart) => (error: unknown) =>
    part.isCauseOf(error) ? error : asCorrupt(task.name, run, error);
  const guardedStream = (stream: TaskStream): TaskStream => ({
    ...stream,
    push(piece) {
      const part = new CallersPart();
      part.add(piece);
      return calling(stream.push as Method, [piece], converting(part)) as ReturnType<TaskStream['push']>;
    },
    end: () => calling(stream.end, [], converting(new CallersPart())) as ReturnType<TaskStream['end']>,
  });
  const guarded = (method: Method): Method => {
    return (...values) => {
      const part = new CallersPart();
      const result = calling(method.bind(task), part.take(values), converting(part));
      if (isAsyncIterable(result)) return iterated(result, converting(part));
      return isStream(result) ? guardedStream(result) : result;
    };
  };
  const members = Object.entries(task).map(([name, member]) => [
    name,
    typeof member === 'function' ? guarded(member as Method) : member,
  ]);
  return Object.fromEntries(members) as AnyTask;
}
