// A process, or a worker thread of it, that ends while a run is under way. Speaks to the addon directly, so that it
// needs no compilation:  node leave.mjs <program.json> exit|terminate|throw <milliseconds>
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const addon = createRequire(import.meta.url)('node-gyp-build')(fileURLToPath(new URL('../..', import.meta.url)));
addon.configure(process.env.BPTT_ISA ?? 'auto');

function block(bytes) {
  const buffer = new SharedArrayBuffer(bytes + 64);
  const shift = (64 - addon.misalignment(new Uint8Array(buffer))) % 64;
  return new Uint8Array(buffer, shift, bytes);
}

/** The program with a function that starts it on zeroed memory: inputs share theirs with what is computed later. */
function load({ words, attributes, blockBytes }, threads) {
  const blocks = blockBytes.map(block);
  const program = new addon.Program(Int32Array.from(words), Float64Array.from(attributes), blocks, threads, 0);
  return (done) => {
    for (const bytes of blocks) bytes.fill(0);
    program.start(batchSizes, 0, done);
  };
}

function runForever(start) {
  start(() => runForever(start));
}

const [path, way, milliseconds] = isMainThread ? process.argv.slice(2) : workerData;
const text = JSON.parse(readFileSync(path, 'utf8'));
const batchSizes = text.batchSizes.map((sizes) => Int32Array.from(sizes));

if (!isMainThread) {
  runForever(load(text, 2));
  runForever(load(text, 1));
  parentPort.postMessage('running');
} else if (way === 'exit') {
  runForever(load(text, 2));
  runForever(load(text, 2));
  await sleep(Number(milliseconds));
  process.exit(7);
} else if (way === 'throw') {
  let failures = 0;
  process.on('uncaughtException', ({ message }) => {
    if (message !== 'thrown by the callback') process.exit(1);
    if (++failures === 3) process.exit(7);
  });
  for (let run = 0; run < 3; run++) {
    load(
      text,
      1,
    )(() => {
      throw new Error('thrown by the callback');
    });
  }
} else {
  // Runs of its own keep those of the workers waiting now and then.
  const own = load(text, 2);
  for (let round = 0; round < 6; round++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: [path, way] });
    await new Promise((resolve) => worker.once('message', resolve));
    const turn = new Promise((resolve) => own(resolve));
    await sleep(round * Number(milliseconds));
    await worker.terminate();
    await turn;
  }
  await new Promise(own);
  process.exitCode = 7;
}
