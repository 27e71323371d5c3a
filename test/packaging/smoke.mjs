// Trains, predicts, streams and loads a model in a moment, in this thread and in a worker thread; prints what it found as JSON.
//   node smoke.mjs [PATH OF THE PACKAGE] [--no-files] [--no-worker]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const flags = process.argv.slice(2).filter((option) => option.startsWith('--'));
const [given = path.join(import.meta.dirname, '../..')] = process.argv
  .slice(2)
  .filter((option) => !flags.includes(option));
const folder = isMainThread ? path.resolve(given) : workerData;
const { dense, embedding, info, lstm, loadModel, saveModel, sequential } = await import(
  pathToFileURL(path.join(folder, 'dist/index.js')).href
);

async function work() {
  const layers = [embedding({ size: 11, units: 5 }), lstm({ units: 9 }), dense({ units: 11 })];
  const model = sequential(layers).compileSync({ threads: 2, seed: 3 });
  const ids = Int32Array.from({ length: 24 }, (_, at) => (at * 7) % 11);
  const batch = { batchSizes: new Int32Array(8).fill(3), inputs: { input: ids }, targets: { target: ids } };
  model.trainStepSync(batch);
  const { loss } = await model.trainStep(batch);
  const stream = model.stream();
  const outputs = [1, 2, 3].map((symbol) => stream.step(symbol)[0]);
  const [whole] = [
    await model.predictPacked({ batchSizes: new Int32Array(3).fill(1), inputs: { input: Int32Array.of(1, 2, 3) } }),
  ];
  const agree = outputs.every((output, step) => output === whole[step * 11]);
  return { loss, agree, model };
}

const { model, ...found } = await work();

/** Whether a model comes back from a file with the same weights. */
async function savedAndLoaded() {
  const directory = mkdtempSync(path.join(tmpdir(), 'bptt-smoke-'));
  const file = path.join(directory, 'model.safetensors');
  await saveModel(model, file);
  const { model: loaded } = await loadModel(file);
  rmSync(directory, { recursive: true });
  const weights = ({ parameters }) => [...parameters].map(([name, { data }]) => `${name} ${[...data]}`).join();
  return weights(loaded) === weights(model);
}

/** What a worker thread found, once it has ended. */
async function foundInWorker() {
  const worker = new Worker(new URL(import.meta.url), { workerData: folder });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  const answer = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  await ended;
  return answer;
}

if (!isMainThread) {
  parentPort.postMessage(found);
} else {
  const saved = flags.includes('--no-files') ? null : await savedAndLoaded();
  const inWorker = flags.includes('--no-worker') ? null : await foundInWorker();
  const { isa, version } = info();
  console.log(JSON.stringify({ ...found, saved, inWorker, isa, version, node: process.versions.node }));
}
