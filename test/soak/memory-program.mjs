// A process that makes and drops many models, streams or worker threads:  node --expose-gc memory-program.mjs SCENARIO COUNT
// Prints resident memory in bytes as JSON: `first` and `second`, the highest after a forced collection in the third and in the last
// quarter of them, `peak`, the highest at any time of the first half, in which nothing is forced, and `model`, what is planned for one.
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { dense, embedding, lstm, sequential } from '../../dist/index.js';

const ids = Int32Array.from({ length: 160 }, (_, at) => (at * 7) % 11);
const batch = { batchSizes: new Int32Array(10).fill(16), inputs: { input: ids }, targets: { target: ids } };

/** Some megabytes in blocks that JavaScript allocates. */
function made(units = 96) {
  const layers = [embedding({ size: 11, units: 5 }), lstm({ units }), dense({ units: 11 })];
  return sequential(layers).compileSync({ threads: 1, initializer: 'uniform:0.1' });
}

const scenarios = {
  disposed: () => {
    const model = made();
    model.trainStepSync(batch);
    model.dispose();
  },
  dropped: () => made().trainStepSync(batch),
  droppedAfterSteps: async () => {
    const model = made();
    await model.trainStep(batch);
    await model.predictPacked(batch);
  },
  streams: (() => {
    let model;
    return () => {
      model ??= made();
      const stream = model.stream();
      stream.step(1);
      const before = stream.snapshot();
      stream.step(2);
      stream.restore(before);
    };
  })(),
  workers: async () => {
    const worker = new Worker(new URL(import.meta.url));
    await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
  },
};

/** Resident bytes when everything that can be collected is. Finalizers come in turns of the event loop. */
async function resident() {
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc();
    await sleep(2);
  }
  return process.memoryUsage.rss();
}

if (!isMainThread) {
  const model = made(24);
  await model.trainStep(batch);
  parentPort.postMessage('done');
} else {
  const [scenario, text] = process.argv.slice(2);
  const count = Number(text);
  const samples = 20;
  const highest = { first: 0, second: 0 };
  let peak = 0;
  for (let done = 1; done <= count; done++) {
    await scenarios[scenario]();
    if (done <= count / 2) peak = Math.max(peak, process.memoryUsage.rss());
    if (done <= count / 2 || Math.floor((done * samples) / count) === Math.floor(((done - 1) * samples) / count))
      continue;
    const part = done <= (3 * count) / 4 ? 'first' : 'second';
    highest[part] = Math.max(highest[part], await resident());
  }
  const model = made();
  model.trainStepSync(batch);
  console.log(JSON.stringify({ ...highest, peak, model: model.memory.total }));
}
