import { describe, expect, it } from 'vitest';
import type { AnyTask, TakeNote, TaskStream } from '../../src/tasks/definition/task.js';
import { guardedTask } from '../../src/tasks/runner/guarded-task.js';

const corrupt = expect.objectContaining({ code: 'checkpoint_corrupt', details: { path: 'run', task: 'letters' } });

/** A task with saved names, which it reads in every method. */
const task = guardedTask(
  {
    name: 'letters',
    async readInputs(
      source: { values: { letter: number }[] },
      _options: unknown,
      saved: { names: string[] },
      note: TakeNote,
    ) {
      note('read');
      return source.values.map(({ letter }) => saved.names[letter]?.toUpperCase());
    },
    async *predict(
      _model: unknown,
      inputs: readonly string[],
      { saved, signal }: { saved: { names: string[] }; signal?: AbortSignal },
    ) {
      for (const input of inputs) {
        signal?.throwIfAborted();
        yield saved.names.indexOf(input);
      }
    },
    describe: (_metrics: unknown, saved: { names: string[] }) => saved.names.join(', '),
    stream(_model: unknown, { saved }: { saved: { names: string[] } }): TaskStream {
      return {
        pieces: 'lines',
        push: async (piece) => [{ name: (saved.names[(piece as { letter: number }).letter] as string).toUpperCase() }],
        end: async () => [{ name: (saved.names[0] as string).toUpperCase() }],
        close() {},
      };
    },
  } as unknown as AnyTask,
  'run',
);
const saved = { names: ['a', 'b'] };
const forged = { names: [1, 2] };
const context = (data: object, more: object = {}) => ({ options: {}, saved: data, ...more }) as never;
const read = (values: readonly unknown[], data: object, note: TakeNote = () => {}) =>
  task.readInputs({ values: values as never }, {} as never, data as never, note);
const unreadable = {
  get letter(): number {
    throw new TypeError("the caller's own");
  },
};

async function first(results: AsyncIterable<unknown>): Promise<unknown> {
  for await (const result of results) return result;
  return undefined;
}

describe('a task with data of a file', () => {
  it('says that the file is corrupt where its data have another form', async () => {
    await expect(read([{ letter: 1 }], forged)).rejects.toEqual(corrupt);
    await expect(first(task.predict({} as never, ['a'], context({})))).rejects.toEqual(corrupt);
    expect(() => task.describe({}, {})).toThrow(corrupt);
    const stream = task.stream?.({} as never, context(forged)) as TaskStream;
    await expect(stream.push({ letter: 0 })).rejects.toEqual(corrupt);
    await expect(stream.end()).rejects.toEqual(corrupt);
  });

  it.each([TypeError, RangeError, SyntaxError])("leaves errors of the caller's own as they are: %o", async (Kind) => {
    const own = new Kind("the caller's own");
    const throws = () => {
      throw own;
    };
    await expect(read([{ letter: 1 }], saved, throws)).rejects.toBe(own);
    const signal = AbortSignal.abort(own);
    await expect(first(task.predict({} as never, ['a'], context(saved, { signal })))).rejects.toBe(own);
  });

  it('leaves errors of values that cannot be read as they are', async () => {
    await expect(read([unreadable], saved)).rejects.toThrow(new TypeError("the caller's own"));
    const stream = task.stream?.({} as never, context(saved)) as TaskStream;
    await expect(stream.push(unreadable as never)).rejects.toThrow(new TypeError("the caller's own"));
    expect(await stream.push({ letter: 1 })).toEqual([{ name: 'B' }]);
  });
});
