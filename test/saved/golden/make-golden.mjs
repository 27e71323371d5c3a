/**
 * Makes the golden runs: a task and a network of a user's own, each trained for a while, aborted within an epoch, and what each
 * comes to when it is resumed.
 *
 *   BPTT_ISA=sse2 node make-golden.mjs PACKAGE            makes runs and numbers anew; PACKAGE is a built version 0.1.0
 *   BPTT_ISA=avx2 node make-golden.mjs PACKAGE --resume   resumes the runs that are there and adds the bits of another
 *                                                         instruction set, or records those of kernels that sum in another order
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [root, mode] = process.argv.slice(2);
const bptt = await import(pathToFileURL(resolve(root, 'dist/index.js')).href);
process.chdir(import.meta.dirname);

const quiet = { threads: 1, progress: false };
const stopAt = (at) => {
  const controller = new AbortController();
  return { signal: controller.signal, onStep: ({ step }) => void (step === at && controller.abort('stop')) };
};

/** What the batches of a user's own network are made of. */
function makeBatches() {
  const random = new bptt.Random(7, 'golden');
  const row = (count) => Array.from({ length: count }, () => Number(random.uniform().toFixed(3)));
  return Array.from({ length: 5 }, () => ({ batchSizes: [2, 2, 1], inputs: row(10), target: row(5) }));
}

const readBatches = (json) =>
  json.map(({ batchSizes, inputs, target }) => ({
    batchSizes: Int32Array.from(batchSizes),
    inputs: { input: Float32Array.from(inputs) },
    targets: { target: Float32Array.from(target) },
  }));

const task = {
  options: {
    ...{ data: 'text.txt', embedding: 4, units: 5, layers: 1, batch: 2, steps: 6, valid: 0.2, epochs: 3, dropout: 0.2 },
    ...{ optimizer: 'adam', learningRate: 0.01, schedule: 'step:every=1,factor=0.5', checkpointEvery: 1000 },
  },
  train: (directory, more = {}) => bptt.trainTask('lm', { ...task.options, out: directory, ...quiet, ...more }),
};

const own = {
  compile: () =>
    bptt.sequential([bptt.gru({ units: 3, dropout: 0.25 }), bptt.dense({ units: 1 })], { features: 2 }).compile({
      ...{ loss: 'meanSquaredError', seed: 11, threads: 1, initializer: 'uniform:0.3' },
      optimizer: bptt.rmsprop({ learningRate: 0.02, momentum: 0.5 }),
    }),
  async train(directory, more = {}) {
    const model = await own.compile();
    const batches = readBatches(JSON.parse(readFileSync('batches.json', 'utf8')));
    const options = { epochs: 4, clipNorm: 1, directory, progress: false, configuration: { note: 'golden' }, ...more };
    await new bptt.Trainer(model, options).fit(batches);
    return model;
  },
};

/** Files of one run that the other golden files can do without. */
function prune(directory) {
  rmSync(join(directory, 'metrics.jsonl'), { force: true });
  const folder = join(directory, 'checkpoints');
  for (const name of readdirSync(folder).sort().slice(0, -1)) rmSync(join(folder, name));
}

if (mode !== '--resume') {
  for (const name of ['task', 'own', 'batches.json', 'numbers.json']) rmSync(name, { recursive: true, force: true });
  writeFileSync('batches.json', `${JSON.stringify(makeBatches())}\n`);
  const { onStep, signal } = stopAt(15);
  await task
    .train('task', { callbacks: [{ onStep }], signal })
    .catch((reason) => reason === 'stop' || Promise.reject(reason));
  const stop = stopAt(13);
  await own
    .train('own', { callbacks: { onStep: stop.onStep }, signal: stop.signal })
    .catch((reason) => reason === 'stop' || Promise.reject(reason));
  prune('task');
  prune('own');
}

/** All parameters one after the other: in the order of the model. */
const valuesOf = (tensors) => [...tensors].flatMap(([, { data }]) => [...data]);
const sha256 = (values) =>
  createHash('sha256')
    .update(new Uint8Array(Float32Array.from(values).buffer))
    .digest('hex');

const resumed = mkdtempSync(join(tmpdir(), 'golden-'));
cpSync('task', join(resumed, 'task'), { recursive: true });
cpSync('own', join(resumed, 'own'), { recursive: true });
await task.train(join(resumed, 'task'), { resume: true });
const { tensors } = (await bptt.Run.read(join(resumed, 'task')).loadLatest()).checkpoint;
const ends = {
  task: valuesOf([...tensors].filter(([name]) => name.startsWith('parameters/')).sort(([a], [b]) => (a < b ? -1 : 1))),
  own: valuesOf(
    [...(await own.train(join(resumed, 'own'), { resume: true })).parameters].sort(([a], [b]) => (a < b ? -1 : 1)),
  ),
};
rmSync(resumed, { recursive: true });

const known = existsSync('numbers.json') ? JSON.parse(readFileSync('numbers.json', 'utf8')) : {};
const { isa, version } = bptt.info();
const numbers = Object.fromEntries(
  Object.entries(ends).map(([name, values]) => [
    name,
    {
      // The numbers of the version that made the runs, to which all others must come close.
      values: known[name]?.values ?? values.map((value) => Number(value.toPrecision(8))),
      sha256: { ...known[name]?.sha256, [isa]: sha256(values) },
    },
  ]),
);
writeFileSync('numbers.json', `${JSON.stringify({ version: known.version ?? version, ...numbers })}\n`);
