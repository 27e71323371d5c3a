/** onnxruntime-node as one side of a benchmark, by the protocol of all sides: bench/README.md. Inference only. */
import { sampleOf } from './shared/agreement.mjs';
import { packRows, padRows, parametersByName, readData } from './shared/case-data.mjs';
import { onnxLayers, onnxStep } from './shared/onnx-model.mjs';
import { batchSizesOf, lengthsOf, validStepsOf } from './shared/problems.mjs';
import { requirePeer, serve, timed, timedTogether, Unsupported } from './shared/serve.mjs';

/** Sequential execution, all optimisations, as many threads as asked for. */
async function openSession(bytes, threads) {
  const { module: ort, version } = requirePeer('onnxruntime-node');
  const session = await ort.InferenceSession.create(bytes, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
  });
  return { ort, session, version };
}

async function layer({ problem, mode, threads, folder }) {
  if (mode === 'training') throw new Unsupported('cannot: onnxruntime-node trains no model');
  const { inputs, units, steps, batch, bidirectional, ragged } = problem;
  const data = readData(folder);
  const { ort, session, version } = await openSession(
    onnxLayers(problem, parametersByName(problem, data.parameters)),
    threads,
  );
  const lengths = lengthsOf(problem);
  const batchSizes = batchSizesOf(lengths);
  const rows = data.x.subarray(0, validStepsOf(problem) * inputs);
  const feeds = { x: new ort.Tensor('float32', padRows(rows, batchSizes, inputs), [steps, batch, inputs]) };
  const directions = bidirectional ? 2 : 1;
  const zeros = new Float32Array(directions * batch * units);
  feeds.state = new ort.Tensor('float32', zeros, [directions, batch, units]);
  if (ragged) feeds.lengths = new ort.Tensor('int32', Int32Array.from(lengths), [batch]);
  const run = () => session.run(feeds);
  return {
    version,
    run: (repeat) => timed(run, repeat),
    async sample() {
      const { y } = await run();
      return { y: sampleOf(packRows(y.data, batchSizes, units * directions)) };
    },
  };
}

/** A step of a stream: the caller passes the states of the step before, as users do. */
async function stream({ problem, threads, folder }) {
  const { cell, inputs, units } = problem;
  const { parameters, x } = readData(folder);
  const { ort, session, version } = await openSession(
    onnxStep(problem, parametersByName(problem, parameters)),
    threads,
  );
  const rows = Array.from(
    { length: x.length / inputs },
    (_, k) => new ort.Tensor('float32', x.slice(k * inputs, (k + 1) * inputs), [1, 1, inputs]),
  );
  const zero = new ort.Tensor('float32', new Float32Array(units), [1, 1, units]);
  const isLstm = cell === 'lstm';
  let state = { hT: zero, cT: zero };
  let position = 0;
  const step = async () => {
    const row = rows[position++ % rows.length];
    state = await session.run(isLstm ? { x: row, h: state.hT, c: state.cT } : { x: row, h: state.hT });
  };
  return {
    version,
    run: (repeat) => timedTogether(step, repeat),
    async sample() {
      state = { hT: zero, cT: zero };
      for (position = 0; position < rows.length; ) await step();
      return { h: sampleOf(state.hT.data) };
    },
  };
}

function model() {
  throw new Unsupported('cannot: onnxruntime-node trains no model');
}

await serve({ layer, stream, model });
