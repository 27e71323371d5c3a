/**
 * Goes through the life of models in one plain process: training, predictions, streams, decoding, refusals, aborts, workers that end
 * by themselves and that are ended. LeakSanitizer then says at the exit what was never freed (scripts/sanitize.cjs). It says at its
 * end how many models there were.
 */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { native } from '../../src/native/addon.js';
import { encoderDecoder, pairBatch, raggedPairs } from './encoder-decoder-models.js';
import { type Cell, characterModel, randomBatch } from './small-models.js';

const batch = randomBatch([6, 4, 3, 1]);
const slow = randomBatch(new Array<number>(32).fill(40));
let models = 0;

async function liveOf(cell: Cell, threads: number): Promise<void> {
  const model = characterModel({ cell, dropout: 0.2, layers: 2 }, { threads, seed: 3 });
  models++;
  for (let step = 0; step < 3; step++) {
    model.trainStepSync(batch);
    await model.trainStep(batch, { clipNorm: 1 });
  }
  await model.evaluate(batch);
  await model.predict([[1, 2, 3], [4]]);
  await model.gradients(batch);
  const stream = model.stream();
  for (let id = 0; id < 5; id++) stream.step(id);
  const controller = new AbortController();
  const aborted = model.trainStep(slow, { signal: controller.signal });
  controller.abort();
  await aborted.catch((error: Error) => assert.equal(error.name, 'AbortError'));
  assert.throws(() => model.trainStepSync({ ...batch, batchSizes: Int32Array.of(1, 2) }));
  if (threads === 1) model.dispose(); // the others are left to the end of the process
}

async function decode(): Promise<void> {
  const model = encoderDecoder({ cell: 'lstm' }).compileSync({ threads: 2, seed: 4 });
  models++;
  const pairs = pairBatch(raggedPairs());
  await model.trainStep(pairs);
  const decoder = await model.decoder(pairs, { input: 'previous' });
  const sentences = Int32Array.from({ length: decoder.sentences }, (_, sentence) => sentence);
  await decoder.step(new Int32Array(decoder.sentences), sentences, sentences);
  decoder.dispose();
  model.dispose();
}

/** Programs that the checker refuses at different places. */
function refuse(): void {
  const { Program } = native();
  for (const words of [[], [1], [0x54505042, 3, 0, 0, 0, 1, 0, 0, 5], [0x54505042, 3, 0, 1, 0, 0, 0, 0, 3, 2, 9]]) {
    assert.throws(() => new Program(Int32Array.from(words), new Float64Array(), [], 1), { code: 'invalid_program' });
  }
}

/** A worker that ends by itself, or one that is ended in the middle of a step. */
async function worker(isEnded: boolean): Promise<void> {
  const started = new Worker(fileURLToPath(import.meta.url), { argv: [isEnded ? 'endless' : 'once'] });
  await new Promise((resolve) => started.once('message', resolve));
  if (isEnded) await started.terminate();
  else await new Promise((resolve) => started.once('exit', resolve));
  models++;
}

if (isMainThread) {
  for (const cell of ['rnn', 'lstm', 'gru'] as const) {
    for (const threads of [1, 2]) await liveOf(cell, threads);
  }
  await decode();
  refuse();
  for (let round = 0; round < 3; round++) {
    await worker(false);
    await worker(true);
  }
  console.log(`${models} models, ${native().info().isa}`);
} else {
  const model = characterModel({ units: 40 }, { threads: 2 });
  await model.trainStep(batch);
  parentPort?.postMessage('trained');
  while (process.argv[2] === 'endless') await model.trainStep(slow);
}
