/** A forged model, vocabulary or run ends in a model that works or in an error with a code. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Run } from '../../src/checkpoint/run.js';
import { RunDirectory } from '../../src/checkpoint/run-directory.js';
import { CheckpointError } from '../../src/core/errors.js';
import type { JsonObject, JsonValue } from '../../src/core/json.js';
import { ByteVocabulary } from '../../src/data/byte-vocabulary.js';
import { CharacterVocabulary } from '../../src/data/character-vocabulary.js';
import { vocabularyFromJSON } from '../../src/data/saved-vocabulary.js';
import { WordVocabulary } from '../../src/data/word-vocabulary.js';
import { networkFromJSON } from '../../src/model/network.js';
import { loadModel } from '../../src/saved/load-model.js';
import { loadTask } from '../../src/tasks/tasks.js';
import { outcomeOf } from './execution.js';
import { corpusOf, fuzz, RUNS } from './fuzzing.js';
import { mutatedJson } from './json-mutations.js';
import { type Forgery, forgeries, networks, savedModels, writeForgery } from './model-targets.js';
import { mutated } from './mutations.js';
import { type SmallRun, smallRuns } from './small-runs.js';

const directory = mkdtempSync(join(tmpdir(), 'bptt-fuzz-'));
let models: string[] = [];
let runs: SmallRun[] = [];
beforeAll(async () => {
  models = await savedModels(directory);
  runs = await smallRuns(directory, RUNS > 100);
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Fuzzes a target whose inputs are JSON, after the inputs of its corpus. */
async function fuzzJson<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  execute: (input: T) => unknown,
  share = 1,
): Promise<void> {
  for (const input of corpusOf<T>(name)) await outcomeOf(() => execute(input));
  const { runs } = await fuzz(name, inputs, { execute, saved: (input) => input, share });
  expect(runs).toBeGreaterThan(0);
}

describe('a forged description', () => {
  it('of a network is a network or is refused', async () => {
    const bases = networks().map(({ description }) => JSON.parse(JSON.stringify(description)) as JsonObject);
    await fuzzJson('network-json', mutatedJson(bases), (json) => {
      const { description } = networkFromJSON(json);
      networkFromJSON(JSON.parse(JSON.stringify(description)));
    });
  });

  it('of a vocabulary is a vocabulary or is refused', async () => {
    const text = 'the cat sat on the mat\nthe dog';
    const bases = [
      CharacterVocabulary.fromText(text).toJSON(),
      WordVocabulary.fromText(text).toJSON(),
      new ByteVocabulary().toJSON(),
    ].map((json) => JSON.parse(JSON.stringify(json)) as JsonObject);
    await fuzzJson('vocabulary-json', mutatedJson(bases), (json) => {
      const vocabulary = vocabularyFromJSON(json);
      vocabulary.toJSON();
      for (let id = 0; id < Math.min(vocabulary.size, 50); id++) vocabulary.symbolOf(id);
    });
  });

  it('of a model in a checkpoint loads or is refused, and takes no memory that its file has not', async () => {
    const path = join(directory, 'forged.safetensors');
    const execute = async (forgery: Forgery) => {
      writeForgery(models[forgery.base] as string, path, forgery);
      const { model } = await loadModel(path, { threads: 1, training: forgery.tensor.at % 2 === 0 });
      try {
        if (model.description.inputs === undefined) model.stream().close();
      } finally {
        model.dispose();
      }
    };
    await fuzzJson('model-file', forgeries(models), execute, 0.5);
  });
});

/** What happens to a file of a run. */
type Damage =
  | { readonly kind: 'forge'; readonly forgery: Forgery }
  | { readonly kind: 'json'; readonly file: string; readonly json: JsonValue }
  | { readonly kind: 'bytes'; readonly file: string; readonly bytes: string }
  | { readonly kind: 'link'; readonly file: string; readonly target: string }
  | { readonly kind: 'remove' | 'folder'; readonly file: string };

describe('a forged run', () => {
  const files = ['config.json', 'metrics.jsonl', 'finished.json', 'run.lock', 'best.safetensors', 'checkpoints'];
  const targets = [
    '.',
    'loop',
    '/dev/zero',
    '/etc/hostname',
    '/nowhere/at/all',
    '../canary',
    '../canary/secret',
    'config.json',
  ];

  /** A copy of a run with a damage, beside a folder that must stay as it is. */
  function damaged(source: SmallRun, damage: Damage): string {
    const place = join(directory, 'forged');
    rmSync(place, { recursive: true, force: true });
    cpSync(source.run, join(place, 'run'), { recursive: true });
    mkdirSync(join(place, 'canary'));
    writeFileSync(join(place, 'canary', 'secret'), '{"canary": true}\n');
    const run = join(place, 'run');
    if (damage.kind === 'forge') {
      const file = weightsOf(source);
      writeForgery(join(source.run, file), join(run, file), damage.forgery);
      return run;
    }
    const path = join(run, damage.file);
    rmSync(path, { recursive: true, force: true });
    if (damage.kind === 'json') writeFileSync(path, JSON.stringify(damage.json) ?? '');
    else if (damage.kind === 'bytes') writeFileSync(path, Buffer.from(damage.bytes, 'base64'));
    else if (damage.kind === 'folder') mkdirSync(path);
    else if (damage.kind === 'link') symlinkSync(damage.target === 'loop' ? damage.file : damage.target, path);
    return run;
  }

  /** The checkpoint that is read first. */
  function weightsOf({ run }: SmallRun): string {
    const [newest] = readdirSync(join(run, 'checkpoints')).sort().reverse();
    return existsSync(join(run, 'best.safetensors')) ? 'best.safetensors' : join('checkpoints', newest as string);
  }

  function damages(source: SmallRun): fc.Arbitrary<Damage> {
    const bytesOf = (file: string) => readFileSync(join(source.run, file));
    const json = ['config.json', 'finished.json'].filter((file) => existsSync(join(source.run, file)));
    const bytes = ['config.json', 'metrics.jsonl', ...json];
    return fc.oneof(
      {
        weight: 4,
        arbitrary: forgeries([join(source.run, weightsOf(source))]).map(
          (forgery) => ({ kind: 'forge', forgery }) as const,
        ),
      },
      ...json.map((file) => ({
        weight: 2,
        arbitrary: mutatedJson([JSON.parse(bytesOf(file).toString()) as JsonObject]).map(
          (json) => ({ kind: 'json', file, json }) as const,
        ),
      })),
      ...bytes.map((file) => ({
        weight: 1,
        arbitrary: mutated([bytesOf(file)]).map(
          (changed) => ({ kind: 'bytes', file, bytes: changed.toString('base64') }) as const,
        ),
      })),
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('link'),
          file: fc.constantFrom(...files),
          target: fc.constantFrom(...targets),
        } as const),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constantFrom('remove', 'folder'), file: fc.constantFrom(...files) } as const),
      },
    );
  }

  async function use(run: string, { task, values, data }: SmallRun): Promise<void> {
    const reading = await outcomeOf(async () => {
      const read = Run.read(run);
      await read.loadLatest();
      await read.loadBest();
    });
    expect(reading.code).toEqual(expect.any(String));
    const writing = await outcomeOf(async () => {
      const open = RunDirectory.open(run, Run.read(run).configuration, { resume: true });
      try {
        const latest = await open.resume((path, { run: state }) => {
          const step = (state as { step?: unknown } | undefined)?.step;
          if (typeof step === 'number') return step;
          throw new CheckpointError('checkpoint_corrupt', `'${path}' says no step`);
        });
        open.metrics.append({ step: (latest?.step ?? 0) + 1 });
        if (latest !== undefined) await open.save(latest.step + 1, latest.checkpoint, { best: true });
      } finally {
        open.close();
      }
    });
    expect(writing.code).toEqual(expect.any(String));
    const loaded = await loadTask(run, { threads: 1, task } as never);
    try {
      if (values !== undefined) await loaded.predict(values as never);
      else if (task === 'forecast') for await (const _ of loaded.predictions({ file: data } as never)) break;
    } finally {
      loaded.dispose();
    }
  }

  it('whose task saved data of another form is corrupt, and no TypeError', async () => {
    const source = runs[2] as SmallRun;
    const run = damaged(source, { kind: 'remove', file: 'run.lock' });
    const configuration = JSON.parse(readFileSync(join(run, 'config.json'), 'utf8'));
    for (const saved of [{}, { vocabulary: null }, { vocabulary: 3 }, { __proto__: null, constructor: 1 }]) {
      configuration.task.saved = saved;
      writeFileSync(join(run, 'config.json'), JSON.stringify(configuration));
      const error = await loadTask(run, { threads: 1 }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: expect.stringMatching(/^(checkpoint_corrupt|invalid_vocabulary)$/) });
    }
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('(task %i) loads or is refused, and nothing outside it changes', async (at) => {
    const source = runs[at];
    if (source === undefined) return expect(RUNS).toBeLessThanOrEqual(100);
    const canary = join(directory, 'forged', 'canary');
    const execute = async (damage: Damage) => {
      const run = damaged(source, damage);
      try {
        await use(run, source);
      } finally {
        expect(readdirSync(canary)).toEqual(['secret']);
        expect(readFileSync(join(canary, 'secret'), 'utf8')).toBe('{"canary": true}\n');
      }
    };
    await fuzzJson(`run-${source.task}`, damages(source), execute, 0.25);
  });
});
