/**
 * TensorFlow.js (layers API, `cpu` backend) as one side of a benchmark, by the protocol of all sides: bench/README.md.
 * Batches are padded. Its GRU is reset-before only, and its bidirectional layer takes no mask.
 */
import { sampleOf } from './shared/agreement.mjs';
import { packRows, padRows, parametersByName, readData } from './shared/case-data.mjs';
import { batchSizesOf, directionsOf, lengthsOf, operationsOf, validStepsOf } from './shared/problems.mjs';
import { requirePeer, serve, timed, Unsupported } from './shared/serve.mjs';

const NOTE = 'one thread, the `cpu` backend in JavaScript, padded batches';

/** [rows, columns] as its transpose. */
function transposed({ rows, columns, data }) {
  const result = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) result[c * rows + r] = data[r * columns + c];
  return result;
}

/** Kernel [in, GH], recurrent kernel [H, GH] and the sum of both biases [GH]; the order of the gates is the same. */
function kerasWeights(tf, parameters, suffix) {
  const matrix = (name) => {
    const value = parameters.get(name + suffix);
    return tf.tensor2d(transposed(value), [value.columns, value.rows]);
  };
  const other = parameters.get(`bias_hh${suffix}`).data;
  const bias = parameters.get(`bias_ih${suffix}`).data.map((value, k) => value + other[k]);
  return [matrix('weight_ih'), matrix('weight_hh'), tf.tensor1d(bias)];
}

/** A stack with the weights of the problem. */
function buildModel(tf, problem, parameters) {
  const { cell, inputs, units, steps, bidirectional } = problem;
  // The initial weights are written over: zeros spare the orthogonal ones, which take minutes to compute.
  const shared = { units, returnSequences: true, kernelInitializer: 'zeros', recurrentInitializer: 'zeros' };
  const kinds = {
    lstm: (shape) => tf.layers.lstm({ ...shared, recurrentActivation: 'sigmoid', ...shape }),
    rnn: (shape) => tf.layers.simpleRNN({ ...shared, ...shape }),
  };
  const model = tf.sequential();
  for (const [index, directions] of directionsOf(problem).entries()) {
    const shape = index === 0 ? { inputShape: [steps, inputs] } : {};
    const one = kinds[cell](bidirectional ? {} : shape);
    model.add(bidirectional ? tf.layers.bidirectional({ layer: one, mergeMode: 'concat', ...shape }) : one);
    model.layers[index].setWeights(directions.flatMap(({ suffix }) => kerasWeights(tf, parameters, suffix)));
  }
  return model;
}

/** Time-major rows as batch-major ones, or back with the sizes exchanged. */
function turned(values, outer, inner, width) {
  const result = new Float32Array(values.length);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const begin = (o * inner + i) * width;
      result.set(values.subarray(begin, begin + width), (i * outer + o) * width);
    }
  }
  return result;
}

/** Operations of a run that would take half a minute. */
const MOST_OPERATIONS = 8e9;

async function layer({ problem, mode, folder }) {
  const { cell, inputs, units, steps, batch, bidirectional, ragged } = problem;
  if (cell === 'gru') throw new Unsupported('cannot: TensorFlow.js has no reset-after GRU');
  if (ragged && bidirectional)
    throw new Unsupported('cannot: the bidirectional layer of TensorFlow.js takes no lengths');
  if (steps === 1 && mode === 'training') {
    throw new Unsupported('cannot: TensorFlow.js fails at the gradient of a sequence of one step');
  }
  if (operationsOf(problem, mode) > MOST_OPERATIONS) {
    throw new Unsupported('not measured: a single run on the `cpu` backend would take more than half a minute');
  }
  const { module: tf, version } = requirePeer('@tensorflow/tfjs');
  await tf.setBackend('cpu');
  const data = readData(folder);
  const model = buildModel(tf, problem, parametersByName(problem, data.parameters));
  const batchSizes = batchSizesOf(lengthsOf(problem));
  const rows = validStepsOf(problem);
  const width = units * (bidirectional ? 2 : 1);
  const padded = (values, columns) => {
    const timeMajor = padRows(values.subarray(0, rows * columns), batchSizes, columns);
    return tf.tensor3d(turned(timeMajor, steps, batch, columns), [batch, steps, columns]);
  };
  const packed = (tensor, columns) => packRows(turned(tensor.dataSync(), batch, steps, columns), batchSizes, columns);
  const x = padded(data.x, inputs);
  const training = mode === 'training';
  const dy = training ? padded(data.dy, width) : undefined;
  const input = training ? tf.variable(x) : undefined;
  const variables = model.trainableWeights.map((weight) => weight.val);
  const forward = () => model.apply(training ? input : x, { training });
  /** Gradients of what the outputs' gradients ask for, of the input and of all weights. */
  const backward = () => tf.variableGrads(() => forward().mul(dy).sum(), [input, ...variables]).grads;
  const run = () => {
    tf.tidy(() => {
      if (training) for (const gradient of Object.values(backward())) gradient.dataSync();
      else forward().dataSync();
    });
  };
  return {
    version,
    report: { note: NOTE },
    run: (repeat) => timed(run, repeat),
    sample: () =>
      tf.tidy(() => {
        if (!training) return { y: sampleOf(packed(forward(), width)) };
        const grads = backward();
        const recurrent = grads[variables[1].name];
        const bias = grads[variables[2].name];
        const [columns, count] = recurrent.shape;
        const transpose = transposed({ rows: columns, columns: count, data: recurrent.dataSync() });
        return {
          x: sampleOf(packed(grads[input.name], inputs)),
          weight_hh_l0: sampleOf(transpose),
          bias_hh_l0: sampleOf(bias.dataSync()),
        };
      }),
  };
}

function stream() {
  throw new Unsupported('cannot: a layer of TensorFlow.js keeps its state only inside');
}

function model() {
  throw new Unsupported('cannot: the optimizers of TensorFlow.js clip no norm of all gradients');
}

await serve({ layer, stream, model });
