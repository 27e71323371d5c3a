// A process that ends, or ends a worker thread, in the middle of an activity:
//   node teardown-program.mjs ENDING ACTIVITY MILLISECONDS,MILLISECONDS... FOLDER
// An ending that the process survives comes once for each of these delays, another one once. Writes a line to standard output
// when the activity has begun, where it is to be sent a signal, and `survived N` with the number of endings that it survived.
import { readdirSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { activities, smallModel, workOn } from './activities.mjs';

const [ending, activity, delays, folder] = isMainThread ? process.argv.slice(2) : workerData;
const [firstDelay] = delays.split(',').map(Number);
const stop = new Error('stopped on purpose');

/** Waits to the part of a millisecond, so that all moments of a unit are met. */
async function moment(delay = firstDelay) {
  const end = performance.now() + delay;
  await new Promise((resolve) => setTimeout(resolve, Math.floor(delay)));
  while (performance.now() < end) {
    // the threads of the library work meanwhile
  }
}

const unit = async () => activities[activity](folder);
const write = (line) => process.stdout.write(`${line}\n`);

/** Survives once for each delay. */
async function surviveEach(survive) {
  for (const delay of delays.split(',')) await survive(Number(delay));
  write(`survived ${delays.split(',').length}`);
}

/** Works on the activity for ever; resolves when it has begun. */
async function begin() {
  const work = await unit();
  return new Promise((resolve, reject) => workOn(work, { began: resolve }).catch(reject));
}

/** Works on the activity until it is aborted, in its own unit or between two, then once more to the end. */
async function abortAndGoOn(delay) {
  const controller = new AbortController();
  const work = await unit();
  let isOver = false;
  const began = new Promise((resolve, reject) => {
    const options = { signal: controller.signal, began: resolve, isOver: () => isOver };
    workOn(work, options).then(resolve, (error) => (error === stop ? resolve() : reject(error)));
  });
  await began;
  await moment(delay);
  isOver = true;
  controller.abort(stop);
  await work();
}

/** An exception that nothing catches but the process, while it works; then it works on. */
async function surviveThrow(delay) {
  process.once('uncaughtException', ({ message }) => {
    if (message !== stop.message) process.exit(1);
  });
  let isOver = false;
  let ended = () => {};
  const end = new Promise((resolve) => {
    ended = resolve;
  });
  const work = await unit();
  await new Promise((resolve, reject) => workOn(work, { began: resolve, isOver: () => isOver }).then(ended, reject));
  await moment(delay);
  setImmediate(() => {
    isOver = true;
    throw stop;
  });
  await end;
  await work();
}

/** Threads of this process that the system knows. */
const threads = () => (process.platform === 'linux' ? readdirSync('/proc/self/task').length : 0);

/** How a worker thread ends, by what `main` does or by itself. */
async function endWorker(delay) {
  const beside = delay % 2 < 1 ? smallModel() : undefined;
  // Where the main thread computes too, the threads of the team stay when the worker has ended; else they end with it.
  const own = () => beside?.trainStep(ownBatch);
  await own();
  const before = threads();
  const worker = new Worker(new URL(import.meta.url), { workerData: [ending, activity, String(delay), folder] });
  // Not `once`: it rejects when an error overtakes the message.
  const began = new Promise((resolve) => worker.once('message', resolve));
  const failure = new Promise((resolve) => worker.once('error', resolve));
  const exit = new Promise((resolve) => worker.once('exit', resolve));
  await began;
  const turn = own();
  if (ending === 'worker-terminate') {
    await moment(delay);
    await worker.terminate();
  } else if (ending === 'exit-beside-worker') {
    await moment(delay);
    process.exit(7);
  }
  const code = await exit;
  const expected = { 'worker-terminate': 1, 'worker-throw': 1, 'worker-exit': 3, 'worker-end': 0 }[ending];
  if (code !== expected) throw new Error(`the worker ended with ${code}, expected ${expected}`);
  if (ending === 'worker-throw' && (await failure).message !== stop.message) throw await failure;
  await turn;
  await own();
  // The system removes a thread that has been joined a moment later.
  for (const end = Date.now() + 5000; threads() > before; await new Promise((resolve) => setTimeout(resolve, 5))) {
    if (Date.now() > end) throw new Error(`${before} threads before the worker, ${threads()} after it`);
  }
  beside?.dispose();
}

const ownBatch = {
  batchSizes: new Int32Array(20).fill(4),
  inputs: { input: new Int32Array(80) },
  targets: { target: new Int32Array(80) },
};

const endings = {
  async exit() {
    await begin();
    await moment();
    process.exit(7);
  },
  async throw() {
    await begin();
    await moment();
    setImmediate(() => {
      throw stop;
    });
  },
  async 'throw-in-microtask'() {
    await begin();
    await moment();
    queueMicrotask(() => {
      throw stop;
    });
  },
  /** The error passes through the library where it calls functions of the caller; else it is the caller's `then`. */
  async 'throw-in-callback'() {
    let isOver = false;
    const fail = () => {
      if (isOver) throw stop;
    };
    const work = await unit();
    const calls = activity === 'decoding' || activity === 'task';
    await new Promise((resolve) =>
      workOn(
        async (...given) => {
          await work(...given);
          if (!calls) fail();
        },
        { callback: fail, began: resolve },
      ),
    ); // rejects: an unhandled rejection ends the process
    await moment();
    isOver = true;
  },
  'survived-throw': () => surviveEach(surviveThrow),
  abort: () => surviveEach(abortAndGoOn),
  async signal() {
    await begin();
    write('begun');
  },
  async 'signal-handler'() {
    process.once('SIGTERM', () => process.exit(7));
    await begin();
    write('begun');
  },
  async 'signal-abort'() {
    const controller = new AbortController();
    process.once('SIGINT', () => controller.abort(stop));
    const work = await unit();
    const isOver = () => controller.signal.aborted;
    const ended = workOn(work, { signal: controller.signal, began: () => write('begun'), isOver });
    await ended.catch((error) => {
      if (error !== stop) throw error;
    });
    await work();
    write('survived 1');
  },
  'worker-terminate': () => surviveEach(endWorker),
  'worker-throw': () => surviveEach(endWorker),
  'worker-exit': () => surviveEach(endWorker),
  'worker-end': () => surviveEach(endWorker),
  'exit-beside-worker': () => endWorker(firstDelay),
};

const inWorker = {
  async 'worker-throw'() {
    await moment();
    setImmediate(() => {
      throw stop;
    });
  },
  async 'worker-exit'() {
    await moment();
    process.exit(3);
  },
};

if (isMainThread) {
  await endings[ending]();
} else if (ending === 'worker-end') {
  // The end of the script: what was asked for is done, then the thread ends.
  const work = await unit();
  await work();
  parentPort.postMessage('begun');
  await moment();
  work();
} else {
  await begin();
  parentPort.postMessage('begun');
  await inWorker[ending]?.();
}
