import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { javascriptPackage } from './javascript-package.js';
import { characterModel, imageOf, randomBatch } from './small-models.js';

/** What the programs of this file share: a character model, a batch, and a slow pair of both. */
const PROGRAM = `
import { createHash } from 'node:crypto';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { dense, embedding, lstm, sequential } from './dist/index.js';

export function modelOf(units, options = {}) {
  const layers = [embedding({ size: 11, units: 5 }), lstm({ units, layers: 1, dropout: 0 }), dense({ units: 11 })];
  return sequential(layers).compileSync({ threads: 1, ...options });
}
export function batchOf(steps, sequences) {
  const ids = Int32Array.from({ length: steps * sequences }, (_, e) => (e * 7) % 11);
  return { batchSizes: new Int32Array(steps).fill(sequences), inputs: { input: ids }, targets: { target: ids } };
}
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const slow = batchOf(60, 48);

const scenarios = {
  /** In a worker: trains on the batch that it is given and answers with its parameters. */
  async train() {
    const model = modelOf(9);
    for (let step = 0; step < 5; step++) await model.trainStep(workerData.batch);
    const parameters = [...model.parameters].map(([name, { data }]) => [name, data.slice()]);
    parentPort.postMessage({ loss: model.evaluateSync(workerData.batch).loss, parameters });
  },

  /** In a worker: keeps the threads busy until it is terminated. */
  async endless() {
    const model = modelOf(300, { threads: 2 });
    parentPort.postMessage('begun');
    for (;;) await model.trainStep(slow);
  },

  async terminateWorkers() {
    for (let round = 0; round < 5; round++) {
      const worker = new Worker(new URL(import.meta.url), { argv: ['endless'] });
      await new Promise((resolve) => worker.once('message', resolve));
      await wait(round * 7);
      await worker.terminate();
    }
    const model = modelOf(9, { threads: 2 });
    await model.trainStep(batchOf(4, 2));
    console.log(JSON.stringify({ steps: model.step }));
  },

  async exit() {
    const models = [modelOf(300, { threads: 2 }), modelOf(300)];
    for (const model of models) model.trainStep(slow).then(() => console.log('ended'));
    await wait(5);
    process.exit(7);
  },

  /** The update of a training step waits for a synchronous call, which ends the process. */
  async exitWhileReading() {
    const model = modelOf(64, { threads: 2 });
    const batch = batchOf(6, 4);
    model.trainStep(batch).then(() => console.log('ended'));
    await null;
    for (let turn = 0; turn < 9; turn++) await null;
    const result = () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      process.exit(7);
    };
    model.evaluateSync(batch, { metrics: [{ name: 'own', begin: () => 0, update() {}, result }] });
  },

  async throwWhileTraining() {
    modelOf(300, { threads: 2 }).trainStep(slow);
    await wait(5);
    throw new Error('thrown while a step is under way');
  },

  async unawaited() {
    modelOf(64).trainStep(slow).then(({ steps }) => console.log(JSON.stringify({ steps })));
  },

  async abandonRuns() {
    for (let round = 0; round < 30; round++) {
      modelOf(64, { threads: 2 }).trainStep(batchOf(20, 16)).catch(() => {});
      globalThis.gc();
      await wait(1);
    }
    console.log('{}');
  },
};
await scenarios[process.argv[2] ?? workerData.scenario]();
`;

let program: ReturnType<typeof javascriptPackage>;
beforeAll(() => {
  program = javascriptPackage(PROGRAM);
});
afterAll(() => program.remove());

/** Runs one scenario in a process of its own. */
async function run(scenario: string, flags: readonly string[] = []) {
  const child = spawn(process.execPath, [...flags, program.path, scenario], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (text: Buffer) => {
    output += text;
  });
  child.stderr.on('data', (text: Buffer) => {
    errors += text;
  });
  const begin = performance.now();
  const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { status, signal, output, errors, ms: performance.now() - begin };
}

describe('a model in a worker thread', () => {
  it('is trained to the same bits as in the main thread, by several workers at once', async () => {
    const batch = randomBatch([6, 4, 3]);
    const model = characterModel({ units: 9 });
    const trained = Array.from({ length: 3 }, async () => {
      const worker = new Worker(program.path, { argv: ['train'], workerData: { batch } });
      const [answer] = await once(worker, 'message');
      await worker.terminate();
      return answer as { loss: number; parameters: [string, Float32Array][] };
    });
    for (let step = 0; step < 5; step++) await model.trainStep(batch);
    const expected = [...model.parameters].map(([name, { data }]) => [name, data.slice()]);
    for (const { loss, parameters } of await Promise.all(trained)) {
      expect(parameters).toEqual(expected);
      expect(loss).toBe(model.evaluateSync(batch).loss);
    }
    expect(imageOf(model)['step']).toBe(5);
  });

  it('does not crash the process when the worker is terminated in the middle of a step', async () => {
    const { status, signal, output, errors } = await run('terminateWorkers');
    expect({ status, signal, errors }).toEqual({ status: 0, signal: null, errors: '' });
    expect(JSON.parse(output)).toEqual({ steps: 1 });
  });
});

describe('a process', () => {
  it('that exits in the middle of a step ends with its own status', async () => {
    expect(await run('exit')).toMatchObject({ status: 7, signal: null, output: '', errors: '' });
  });

  it('that exits while the update of a step waits for a synchronous call ends with its own status', async () => {
    expect(await run('exitWhileReading')).toMatchObject({ status: 7, signal: null, output: '', errors: '' });
  });

  it('that throws in the middle of a step ends with the error', async () => {
    const { status, signal, errors } = await run('throwWhileTraining');
    expect({ status, signal }).toEqual({ status: 1, signal: null });
    expect(errors).toMatch(/thrown while a step is under way/);
  });

  it('stays until the step that it asked for is done, and no longer', async () => {
    const { status, output } = await run('unawaited');
    expect(status).toBe(0);
    expect(JSON.parse(output)).toEqual({ steps: 60 * 48 });
  });

  it('that drops models while they train lets each end in peace', async () => {
    const { status, signal, errors } = await run('abandonRuns', ['--expose-gc']);
    expect({ status, signal, errors }).toEqual({ status: 0, signal: null, errors: '' });
  });
});
