/** Every exported function and method gets arguments of every odd kind: it works, or throws an error of this library. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BpttError } from '../../src/core/errors.js';
import * as checkpoint from '../../src/entries/checkpoint.js';
import * as data from '../../src/entries/data.js';
import * as decoding from '../../src/entries/decoding.js';
import * as features from '../../src/entries/features.js';
import * as metrics from '../../src/entries/metrics.js';
import * as operations from '../../src/entries/operations.js';
import * as tasks from '../../src/entries/tasks.js';
import * as main from '../../src/index.js';

/** What is not tried, and why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  Model: 'its constructor is not for users: compile and loadModel make models',
  CharacterVocabulary: 'its constructor is private: fromText and fromJSON make vocabularies',
  WordVocabulary: 'its constructor is private: fromText, fromTokens and fromJSON make vocabularies',
};

// Parts for authors of tasks: the runner gives them what it has checked, their arguments are those of other parts.
for (const name of [
  'choiceOption',
  'commonOptions',
  'encoderOf',
  'examplesOf',
  'featuresOf',
  'fitEncoding',
  'inputLayers',
  'inputOfRow',
  'numberOption',
  'outputsOf',
  'packingOf',
  'partExamples',
  'probabilities',
  'recurrentBody',
  'recurrentLayer',
  'requireData',
  'runOptions',
  'settledOptions',
  'splitParts',
  'startFromFrequencies',
  'stepStream',
  'trainingLength',
  'trainingOptions',
]) {
  (EXCEPTIONS as Record<string, string>)[name] = 'a part for authors of tasks, called with what the runner has checked';
}

function detached(): Float32Array {
  const array = new Float32Array(4);
  structuredClone(array, { transfer: [array.buffer] });
  return array;
}

const odd = (): unknown[] => [
  undefined,
  null,
  Number.NaN,
  -1,
  2 ** 53,
  '',
  'x',
  {},
  { unknown: 1 },
  Object.create(null),
  [],
  [null],
  [undefined],
  new Float32Array(2),
  detached(),
  Symbol('odd'),
  1n,
  true,
  () => undefined,
];

/** Calls with one and with two odd arguments: descriptions of those that ended in another error. */
async function faults(call: (...args: unknown[]) => unknown): Promise<string[]> {
  const found = new Set<string>();
  const attempt = async (...args: unknown[]): Promise<void> => {
    try {
      const result = (await call(...args)) as AsyncGenerator | undefined;
      if (typeof result?.next === 'function') await result.next();
    } catch (error) {
      if (error instanceof BpttError && error.code !== '') return;
      const given = args.map((arg) => (typeof arg === 'symbol' ? 'symbol' : typeof arg)).join(', ');
      found.add(`(${given}) ${String(error)} ${String((error as Error).stack?.split('\n')[1]?.trim())}`);
    }
  };
  for (const first of odd()) {
    await attempt(first);
    for (const second of odd()) await attempt(first, second);
  }
  return [...found];
}

const before = process.cwd();
const folder = mkdtempSync(join(tmpdir(), 'bptt-'));
beforeAll(() => process.chdir(folder)); // some of the calls write a file of the name 'x'
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

describe.each(Object.entries({ main, checkpoint, data, decoding, features, metrics, operations, tasks }))(
  'the functions of %s',
  (_entry, names) => {
    const functions = Object.entries(names).filter(
      ([name, value]) =>
        typeof value === 'function' &&
        !(name in EXCEPTIONS) &&
        !(value.prototype instanceof Error) &&
        value !== BpttError,
    ) as [string, new (...args: unknown[]) => unknown][];
    it.each(functions)('%s', async (_name, value) => {
      const isClass = /^class\b/.test(Function.prototype.toString.call(value));
      const call = isClass ? (...args: unknown[]) => new value(...args) : (value as unknown as () => unknown);
      expect(await faults(call)).toEqual([]);
    });
  },
);

describe('the methods of', () => {
  const { adam, dense, embedding, gru, sequential } = main;
  const model = sequential([embedding({ size: 5, units: 3 }), gru({ units: 3 }), dense({ units: 5 })]).compileSync({
    loss: 'softmaxCrossEntropy',
    optimizer: adam(),
    threads: 1,
  });
  const plain = sequential([gru({ units: 2 })], { features: 1 });
  const words = data.WordVocabulary.fromText('one two three');
  const objects: Record<string, object> = {
    Model: model,
    Network: plain,
    Stream: model.stream(),
    CarriedState: model.newState(2),
    Trainer: new main.Trainer(model, { epochs: 1, progress: false }),
    RecurrentCell: main.recurrentCell(gru({ units: 2 }), { inputs: 1 }),
    CharacterVocabulary: data.CharacterVocabulary.fromText('abc'),
    WordVocabulary: words,
    ByteVocabulary: new data.ByteVocabulary(),
    SentenceVocabulary: new data.SentenceVocabulary(words),
  };
  /** What is not called: it ends the object for the other calls, or is protected. */
  const ENDS: readonly string[] = ['constructor', 'dispose', 'close', 'restoreUpdateCount'];
  const methods = Object.entries(objects).flatMap(([name, object]) => {
    const all = new Map<string, (...args: unknown[]) => unknown>();
    for (let at = object; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
      for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
        if (typeof value === 'function' && !ENDS.includes(key) && !all.has(key)) all.set(key, value.bind(object));
      }
    }
    return [...all].map(([key, call]) => [`${name}.${key}`, call] as const);
  });
  it.each(methods)('%s', async (_name, call) => {
    expect(await faults(call)).toEqual([]);
  });
});
