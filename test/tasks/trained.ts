/** Small trainings of tasks, for tests. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '../../src/core/json.js';
import { Random } from '../../src/core/random.js';
import type { PredictionSource } from '../../src/tasks/definition/task.js';
import type { TaskResult, TaskStart } from '../../src/tasks/runner/train-task.js';
import { predictTask, type TaskName, trainTask } from '../../src/tasks/tasks.js';

/** Training without progress, on one thread. */
export const QUIET = { progress: false, threads: 1 } as const;

/** An epoch that changes almost nothing: a result with these options does not come from training. */
export const UNTRAINED = { epochs: 1, learningRate: 1e-9 } as const;

type Settled = Readonly<Record<string, readonly [value: JsonValue, reason: string]>>;

/** Trains a task, and returns what was said of its data, and the options that the data decided, with their reasons. */
export async function trainWithNotes(
  task: TaskName,
  options: object,
): Promise<{ readonly result: TaskResult; readonly notes: readonly string[]; readonly settled: Settled }> {
  const notes: string[] = [];
  const settled: Record<string, readonly [value: JsonValue, reason: string]> = {};
  const onStart = (start: Pick<TaskStart, 'notes' | 'settled'>) => {
    notes.push(...start.notes);
    for (const { name, value, reason } of start.settled) settled[name] = [value, reason];
  };
  const result: TaskResult = await trainTask(task, { ...options, onStart } as never);
  return { result, notes, settled };
}

/** All predictions of a run for inputs or for a file. */
export async function predictions(run: string, source: PredictionSource, options: object = {}): Promise<JsonObject[]> {
  const found: JsonObject[] = [];
  for await (const each of predictTask(run, { ...source, threads: 1, options: { ...options } })) found.push(each);
  return found;
}

/** A folder of words of two languages that differ in their endings only. */
export function wordFolder(directory: string, words = 60): string {
  const folder = join(directory, 'words');
  mkdirSync(folder, { recursive: true });
  const random = new Random(1, 'words');
  const word = (ending: string) =>
    `${Array.from({ length: 2 + random.integer(6) }, () => 'aeioubcdlmn'[random.integer(11)]).join('')}${ending}`;
  for (const [language, ending] of [
    ['north', 'ski'],
    ['south', 'elo'],
  ] as const) {
    const lines = Array.from({ length: words }, () => word(ending));
    writeFileSync(join(folder, `${language}.txt`), `${lines.join('\n')}\n`);
  }
  return folder;
}

/** JSON lines of digits, each tagged with whether the sum up to it is odd. */
export function parityFile(directory: string, lines = 200): string {
  const file = join(directory, 'parity.jsonl');
  const random = new Random(1, 'parity');
  const line = () => {
    const input = Array.from({ length: 3 + random.integer(6) }, () => random.integer(2));
    let sum = 0;
    const target = input.map((bit) => {
      sum += bit;
      return sum % 2 === 1 ? 'odd' : 'even';
    });
    return JSON.stringify({ input: input.join(''), target });
  };
  writeFileSync(file, `${Array.from({ length: lines }, line).join('\n')}\n`);
  return file;
}

/** A table of two waves with different periods and noise: `time,a,b`. */
export function waveTable(directory: string, rows = 600, name = 'waves.csv'): string {
  const file = join(directory, name);
  const random = new Random(1, 'waves');
  const lines = Array.from({ length: rows }, (_, at) => {
    const a = 10 + 3 * Math.sin((2 * Math.PI * at) / 17) + 0.1 * random.normal();
    const b = -5 + Math.cos((2 * Math.PI * at) / 29) + 0.05 * random.normal();
    return `${at},${a.toFixed(5)},${b.toFixed(5)}`;
  });
  writeFileSync(file, `time,a,b\n${lines.join('\n')}\n`);
  return file;
}
