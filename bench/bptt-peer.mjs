/** This library as one side of a benchmark, by the protocol of all sides: bench/README.md. */
import { adam, dense, embedding, gru, info, lstm, rnn, sequential, sgd } from '../dist/index.js';
import { sampleOf } from './shared/agreement.mjs';
import { parametersByName, readData } from './shared/case-data.mjs';
import { recurrentLayer } from './shared/recurrent-layer.mjs';
import { serve, timed } from './shared/serve.mjs';
import { transcribe, translate } from './shared/task-steps.mjs';

const CELLS = { lstm, gru, rnn };
const { version, isa } = info();
const report = { isa };

/** Recurrent layers alone, through the graph: weights packed once where they do not change. */
function layer({ problem, mode, threads, folder }) {
  const training = mode === 'training';
  const { run, result } = recurrentLayer(problem, readData(folder), { threads, training });
  const compared = training ? ['x', 'weight_hh_l0', 'bias_hh_l0'] : ['y'];
  return {
    version,
    report,
    run: (repeat) => Array.from({ length: repeat }, run),
    sample() {
      run();
      return Object.fromEntries(compared.map((name) => [name, sampleOf(result(name))]));
    },
  };
}

/** Steps of a block, and sessions of a group. */
const TOGETHER = 64;

/**
 * How the steps of streams are called: one by one with outputs returned, in blocks, or one step of each session of a group. `call` makes
 * `count` steps, `sample` gives the outputs after all rows, from a state of zero.
 */
const FORMS = {
  step(model, x, width) {
    const rows = Array.from({ length: x.length / width }, (_, k) => x.subarray(k * width, (k + 1) * width));
    const one = model.stream();
    let position = 0;
    const call = () => one.step(rows[position++ % rows.length]);
    const sample = () => {
      one.reset();
      position = 0;
      return rows.map(call).at(-1);
    };
    return { count: 1, call, sample };
  },
  block(model, x, width) {
    const one = model.stream();
    const rows = x.length / width;
    const block = Float32Array.from({ length: TOGETHER * width }, (_, k) => x[k % x.length]);
    const into = new Float32Array(TOGETHER * model.outputs);
    const sample = () => {
      one.reset();
      return one.run(x).slice((rows - 1) * model.outputs);
    };
    return { count: TOGETHER, call: () => one.run(block, into), sample };
  },
  group(model, x, width) {
    const group = model.streamGroup({ capacity: TOGETHER });
    const sessions = Array.from({ length: TOGETHER }, () => group.open());
    const into = new Float32Array(TOGETHER * model.outputs);
    const ticks = Array.from({ length: x.length / width }, (_, row) =>
      Float32Array.from({ length: TOGETHER * width }, (_, k) => x[row * width + (k % width)]),
    );
    let position = 0;
    const call = () => group.step(sessions, ticks[position++ % ticks.length], into);
    const sample = () => {
      for (const session of sessions) session.reset();
      position = 0;
      for (const _ of ticks) call();
      return into.slice(-model.outputs);
    };
    return { count: TOGETHER, call, sample };
  },
};

/** Steps of streams through the public API. */
async function stream({ problem, threads, folder, form = 'step' }) {
  const { cell, units, inputs } = problem;
  const { parameters, x } = readData(folder);
  const model = await sequential([CELLS[cell]({ units })], { features: inputs }).compile({ threads });
  for (const [name, { data }] of parametersByName(problem, parameters)) {
    const parameter = model.parameters.get(`${cell}.${name}`);
    if (parameter === undefined) throw new Error(`the model has no parameter ${cell}.${name}`);
    parameter.data.set(data);
  }
  model.parametersChanged();
  const { count, call, sample } = FORMS[form](model, x, inputs);
  return {
    version,
    report,
    run: (repeat) => {
      const calls = Math.ceil(repeat / count);
      const start = performance.now();
      for (let k = 0; k < calls; k++) call();
      return [(performance.now() - start) / (calls * count)];
    },
    sample: () => ({ h: sampleOf(sample()) }),
  };
}

/** Whole training steps of a model of random symbols, the state carried. */
async function model({ problem, threads }) {
  const { cell, vocabulary, embedding: width, units, layers, batch: B, steps: T } = problem;
  const { optimizer, learningRate, clipNorm } = problem;
  const compiled = await sequential([
    embedding({ size: vocabulary, units: width }),
    CELLS[cell]({ units, layers }),
    dense({ units: vocabulary }),
  ]).compile({ optimizer: { adam, sgd }[optimizer]({ learningRate }), threads });
  let seed = 1;
  const draw = () =>
    Int32Array.from({ length: T * B }, () => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % vocabulary;
    });
  const batch = { batchSizes: new Int32Array(T).fill(B), inputs: { input: draw() }, targets: { target: draw() } };
  const state = compiled.newState(B);
  let loss;
  const step = async () => {
    loss = (await compiled.trainStep(batch, { clipNorm, state })).loss;
  };
  return {
    version,
    report: { ...report, parameters: compiled.parameterCount },
    run: (repeat) => timed(step, repeat),
    result: () => ({ loss, tokens: B * T, plannedBytes: compiled.memory.total }),
  };
}

await serve({ layer, stream, model, translate, transcribe });
