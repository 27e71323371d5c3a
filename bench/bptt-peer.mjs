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

/** A step of a stream through the public API; its outputs are returned. */
async function stream({ problem, threads, folder }) {
  const { cell, units, inputs } = problem;
  const { parameters, x } = readData(folder);
  const model = await sequential([CELLS[cell]({ units })], { features: inputs }).compile({ threads });
  for (const [name, { data }] of parametersByName(problem, parameters)) {
    const parameter = model.parameters.get(`${cell}.${name}`);
    if (parameter === undefined) throw new Error(`the model has no parameter ${cell}.${name}`);
    parameter.data.set(data);
  }
  model.parametersChanged();
  const rows = Array.from({ length: x.length / inputs }, (_, k) => x.subarray(k * inputs, (k + 1) * inputs));
  const one = model.stream();
  let position = 0;
  let last;
  const step = () => {
    last = one.step(rows[position++ % rows.length]);
  };
  return {
    version,
    report,
    run: (repeat) => {
      const start = performance.now();
      for (let k = 0; k < repeat; k++) step();
      return [(performance.now() - start) / repeat];
    },
    sample() {
      one.reset();
      for (position = 0; position < rows.length; ) step();
      return { h: sampleOf(last) };
    },
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
