/** Runs that version 0.1.0 made (golden/make-golden.mjs). Every later version must read and resume them. */
import { createHash } from 'node:crypto';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import { loadCheckpointSync } from '../../src/checkpoint/checkpoint.js';
import type { Model } from '../../src/model/model.js';
import { sequential } from '../../src/model/network.js';
import { info } from '../../src/native/info.js';
import { dense } from '../../src/network/layers/dense.js';
import { gru } from '../../src/network/layers/recurrent.js';
import { rmsprop } from '../../src/network/optimizers/optimizer.js';
import { loadModel } from '../../src/saved/load-model.js';
import { loadTask, trainTask } from '../../src/tasks/tasks.js';
import { Trainer } from '../../src/training/trainer.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

const golden = fileURLToPath(new URL('golden', import.meta.url));

interface Reached {
  readonly values: readonly number[];
  /** By instruction set; none where the arithmetic has changed since: gradients of softmax keep more digits than those of 0.1.0 did. */
  readonly sha256?: Readonly<Record<string, string>>;
}
const numbers = JSON.parse(readFileSync(join(golden, 'numbers.json'), 'utf8')) as Record<'task' | 'own', Reached>;

const batches: Batch[] = JSON.parse(readFileSync(join(golden, 'batches.json'), 'utf8')).map(
  ({ batchSizes, inputs, target }: Record<'batchSizes' | 'inputs' | 'target', number[]>) => ({
    batchSizes: Int32Array.from(batchSizes),
    inputs: { input: Float32Array.from(inputs) },
    targets: { target: Float32Array.from(target) },
  }),
);

/** A copy of a golden run, which may be changed. */
function copyOf(name: 'task' | 'own'): string {
  const path = join(temporaryDirectory(), name);
  cpSync(join(golden, name), path, { recursive: true });
  return path;
}

/** All parameters by name, one after the other. */
function valuesOf({ parameters }: Pick<Model, 'parameters'>): number[] {
  return [...parameters].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, { data }]) => [...data]);
}

/** The maker of the processor, as Linux tells it; undefined elsewhere. */
function maker(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return /^vendor_id\s*:\s*(\S+)/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
}

function expectReached(model: Pick<Model, 'parameters'>, { values, sha256 }: Reached): void {
  const reached = valuesOf(model);
  expect(reached.length).toBe(values.length);
  for (const [at, value] of reached.entries()) expect(Math.abs(value - (values[at] as number))).toBeLessThan(2e-5);
  const bits = createHash('sha256').update(new Uint8Array(Float32Array.from(reached).buffer));
  // An instruction set that is not recorded must come as close as the others, but has bits of its own. So have SSE2 and AVX2 on
  // processors of another maker than the recorded one: their reciprocal roots are approximations that each maker defines.
  const expected = sha256?.[info().isa];
  const isRecorded = info().isa === 'avx512' || maker() === 'AuthenticAMD';
  if (expected !== undefined && isRecorded) expect(bits.digest('hex')).toBe(expected);
}

function compileOwn(): Model {
  return sequential([gru({ units: 3, dropout: 0.25 }), dense({ units: 1 })], { features: 2 }).compileSync({
    ...{ loss: 'meanSquaredError', seed: 11, threads: 1, initializer: 'uniform:0.3' },
    optimizer: rmsprop({ learningRate: 0.02, momentum: 0.5 }),
  });
}
const ownOptions = {
  epochs: 4,
  clipNorm: 1,
  progress: false,
  resume: true,
  configuration: { note: 'golden' },
} as const;

describe('a run of a task that 0.1.0 aborted', () => {
  it('is resumed, and comes to the same end', async () => {
    const out = copyOf('task');
    const data = join(golden, 'text.txt');
    await trainTask('lm', { data, out, resume: true, progress: false });
    const { model } = await loadModel(out, { checkpoint: 'latest' });
    expect(model.step).toBe(36);
    expectReached(model, numbers.task);
  });

  it('gives its best and its newest model, with vocabulary, configuration and task', async () => {
    const run = join(golden, 'task');
    const best = await loadModel(run);
    expect(best).toMatchObject({ step: 12, task: 'lm', path: join(run, 'best.safetensors') });
    expect(best.configuration).toMatchObject({ task: { kind: 'lm', units: 5 }, training: { epochs: 3 } });
    expect(best.configuration).not.toHaveProperty('model');
    expect(best.vocabulary?.symbolOf(21)).toBe('y');
    const latest = await loadModel(run, { checkpoint: 'latest' });
    expect(latest.step).toBe(15);
    const { tensors } = loadCheckpointSync(join(run, 'checkpoints', 'step-000015.safetensors'));
    for (const [name, { data }] of latest.model.parameters) {
      expect(data).toEqual(tensors.get(`parameters/${name}`)?.data);
    }
    for (const [name, data] of latest.model.optimizerState) {
      expect(data).toEqual(tensors.get(`optimizer/${name}`)?.data);
    }
    expect(latest.model.optimizerState.size).toBe(2 * latest.model.parameters.size);
    expect(valuesOf(latest.model)).not.toEqual(valuesOf(best.model));
    expect(best.model.sample(best.vocabulary as never, { length: 20 })).toHaveLength(20);
    expect((await loadTask(run, { threads: 1 })).model.description).toEqual(best.model.description);
  });
});

describe("a run of a user's own network that 0.1.0 aborted", () => {
  it('is resumed bit for bit', async () => {
    const model = compileOwn();
    await new Trainer(model, { ...ownOptions, directory: copyOf('own') }).fit(batches);
    expectReached(model, numbers.own);
  });

  it('is resumed bit for bit by the model that it gives itself, without the code that described it', async () => {
    const directory = copyOf('own');
    const { model, step, configuration } = await loadModel(directory, { threads: 1 });
    expect([step, model.step, model.seed, model.initializer]).toEqual([13, 13, 11, 'uniform:0.3']);
    expect(configuration).toMatchObject({ note: 'golden', training: { clipNorm: 1 } });
    await new Trainer(model, { ...ownOptions, directory }).fit(batches);
    expectReached(model, numbers.own);
  });

  it('is loaded into the network that the caller gives', async () => {
    const network = sequential([gru({ units: 3, dropout: 0.25 }), dense({ units: 1 })], { features: 2 });
    const { model } = await loadModel(join(golden, 'own'), { network });
    const { model: described } = await loadModel(join(golden, 'own'));
    expect(valuesOf(model)).toEqual(valuesOf(described));
    expect(model.optimizer).toEqual(described.optimizer);
  });
});
