// What a process or a worker thread does while it is ended: each activity is a function that does one unit of work, of some
// milliseconds, again and again. An activity imports only what it needs: thousands of processes begin with it.
import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { concatenate, dense, embedding, gru, lstm, network, sequential } from '../../dist/index.js';

const SYMBOLS = 11;
const [STEPS, SEQUENCES, STREAMS] = [40, 12, 8];

const symbols = (count) => Int32Array.from({ length: count }, (_, at) => (at * 7) % SYMBOLS);
const batch = {
  batchSizes: new Int32Array(STEPS).fill(SEQUENCES),
  inputs: { input: symbols(STEPS * SEQUENCES) },
  targets: { target: symbols(STEPS * SEQUENCES) },
};

/** A character model on two threads. */
export function smallModel(units = 64) {
  const layers = [embedding({ size: SYMBOLS, units: 8 }), lstm({ units, layers: 2 }), dense({ units: SYMBOLS })];
  return sequential(layers).compileSync({ threads: 2, initializer: 'uniform:0.1' });
}

/** A picture in numbers, and a decoder that writes symbols about it. */
function captioner() {
  return network({
    inputs: {
      picture: { kind: 'features', units: 3, per: 'sequence' },
      previous: { kind: 'indices', size: SYMBOLS },
    },
    nodes: [
      { name: 'seen', layer: dense({ units: 64 }), inputs: ['picture'] },
      { name: 'embedding', layer: embedding({ size: SYMBOLS, units: 8 }), inputs: ['previous'] },
      { name: 'told', layer: concatenate(), inputs: ['embedding', 'picture'] },
      { name: 'decoder', layer: gru({ units: 64 }), inputs: ['told'], states: { h_l0: 'seen' } },
      { name: 'words', layer: dense({ units: SYMBOLS }), inputs: ['decoder'] },
    ],
    output: 'words',
  }).compileSync({ threads: 2, initializer: 'uniform:0.1' });
}

function stepOf(model) {
  return (signal) => model.trainStep(batch, { learningRate: 1e-3, ...(signal && { signal }) });
}

/**
 * By name: makes a unit `(signal, callback) => Promise`, or a promise of one. The library calls the callback where it calls any.
 */
export const activities = {
  step: () => stepOf(smallModel()),

  synchronousStep: () => {
    const model = smallModel();
    return () => model.trainStepSync(batch, { learningRate: 1e-3 });
  },

  prediction: () => {
    const model = smallModel();
    return async (signal) => {
      const options = signal ? { signal } : {};
      await Promise.all([model.predictPacked(batch, options), model.evaluate(batch, options)]);
    };
  },

  streams: () => {
    const model = smallModel();
    const streams = Array.from({ length: STREAMS }, () => model.stream());
    return () => {
      for (let step = 0; step < 10; step++) for (const stream of streams) stream.step(step % SYMBOLS);
    };
  },

  decoding: async () => {
    const { beamSearch } = await import('../../dist/entries/decoding.js');
    const model = captioner();
    return async (_, callback) => {
      const pictures = { picture: Float32Array.from({ length: 9 }, (__, at) => Math.sin(at)) };
      const source = { batchSizes: Int32Array.of(3), inputs: { ...pictures, previous: Int32Array.of(0, 0, 0) } };
      const decoder = await model.decoder(source, { input: 'previous' });
      const step = async (...beams) => {
        callback?.();
        return decoder.step(...beams);
      };
      await beamSearch(step, { vocabulary: SYMBOLS, begin: 0, end: 1, beams: 4, maxLength: 8, sentences: 3 });
    };
  },

  task: async (folder) => {
    const { trainTask } = await import('../../dist/entries/tasks.js');
    const runs = mkdtempSync(path.join(folder, 'task-'));
    const data = path.join(runs, 'text.txt');
    writeFileSync(data, 'the old man saw the sea and the wind took the ship.\n'.repeat(60));
    let run = 0;
    return (signal, callback) => {
      const callbacks = [{ onStep: () => callback?.() }];
      const options = { units: 24, layers: 1, embedding: 8, batch: 4, steps: 16, epochs: 1, threads: 2 };
      const out = path.join(runs, `run-${++run}`);
      return trainTask('lm', { data, out, ...options, progress: false, callbacks, ...(signal && { signal }) });
    };
  },
};

/**
 * Does units of an activity until it is told to stop, or for ever.
 *
 * @param options `began` is called after the first unit, when everything has been compiled
 */
export async function workOn(unit, { began, signal, callback, isOver = () => false } = {}) {
  for (let units = 0; !isOver(); units++) {
    await unit(signal, callback);
    if (units === 0) began?.();
    await nextTurn();
  }
}
