/**
 * A layer of your own, from training to serving: a gated mix of each step with what a wrapped cell makes of it. docs/own-layers.md explains it.
 *
 *   node examples/own-layer.mjs train [FILE]     trains and saves the model
 *   node examples/own-layer.mjs use [FILE]       loads it, checks its gradients and reads a signal step by step
 *
 * FILE is wave.safetensors in the current folder unless it is given.
 */
import {
  adam,
  checkGradients,
  defineLayer,
  dense,
  gru,
  loadModel,
  option,
  packSequences,
  saveModel,
  sequential,
} from 'bptt';
import { add, linear, multiply, sigmoid, subtract } from 'bptt/operations';

/** y = x + g (cell(x) - x) with a gate g of its own: a highway around any layer that keeps the width. */
const highway = defineLayer({
  name: 'highway',
  options: { layer: option.layer(), bias: option.number({ default: -1 }) },
  build([x], { options, parameter, apply }) {
    const { columns } = x;
    const weight = parameter('gate_weight', [columns, columns]);
    const gate = sigmoid(linear(x, weight, parameter('gate_bias', [columns], { initializer: options.bias })));
    return add(x, multiply(gate, subtract(apply(options.layer, x), x)));
  },
});

/** A wave of which the next value is to be predicted at each step. */
const wave = (at) => Math.sin(at / 3) * Math.cos(at / 11);
const waveFrom = (begin, length) => Float32Array.from({ length }, (_, at) => wave(begin + at));
const batchFrom = (begin, sequences = 8, steps = 30) => {
  const begins = Array.from({ length: sequences }, (_, at) => begin + 40 * at);
  const inputs = begins.map((first) => waveFrom(first, steps));
  return packSequences(inputs, { targets: begins.map((first) => waveFrom(first + 1, steps)) });
};

async function train(file) {
  const layers = [dense({ units: 8 }), highway({ layer: gru({ units: 8 }) }), dense({ units: 1 })];
  /** @type {import('bptt').CompileOptions} */
  const settings = { loss: 'meanSquaredError', optimizer: adam({ learningRate: 1e-2 }), seed: 1 };
  const model = await sequential(layers, { features: 1 }).compile(settings);
  for (let step = 0; step < 150; step++) await model.trainStep(batchFrom(13 * step), { clipNorm: 1 });
  console.log(`trained ${model.step} steps, loss ${(await model.evaluate(batchFrom(5000))).loss}`);
  await saveModel(model, file);
  model.dispose();
}

async function use(file) {
  const { model } = await loadModel(file, { layers: [highway] });
  console.log(`loaded, loss ${(await model.evaluate(batchFrom(5000))).loss}`);
  console.log(checkGradients(model, batchFrom(5000, 2, 5)));

  const stream = model.stream();
  let next;
  for (const value of waveFrom(7000, 40)) [next] = stream.step(Float32Array.of(value));
  console.log(`streamed ${next}, expected ${wave(7040)}`);
  model.dispose();
}

const [command, file = 'wave.safetensors'] = process.argv.slice(2);
if (command === 'use') await use(file);
else await train(file);
