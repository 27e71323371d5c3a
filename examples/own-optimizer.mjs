/**
 * An optimizer and a learning-rate schedule of your own: Lion, whose step has the same size for every weight, and a rate that
 * falls with the root of the steps. One process begins a run and stops; another one loads the run and continues it.
 *
 *   node examples/own-optimizer.mjs begin [FOLDER]      trains the first half of a run
 *   node examples/own-optimizer.mjs resume [FOLDER]     trains the rest of it
 *
 * FOLDER is runs/wave unless it is given.
 */
import {
  defineOptimizer,
  defineSchedule,
  dense,
  gru,
  loadModel,
  option,
  packSequences,
  sequential,
  Trainer,
} from 'bptt';
import { add, multiply, scale, sign, subtract } from 'bptt/operations';

/** Lion: the sign of a mean of gradients. Source: Chen et al. 2023, "Symbolic discovery of optimization algorithms". */
const lion = defineOptimizer({
  name: 'lion',
  options: {
    learningRate: option.number({ exclusiveMin: 0, default: 1e-3 }),
    beta1: option.number({ min: 0, max: 1, default: 0.9 }),
    beta2: option.number({ min: 0, max: 1, default: 0.99 }),
    weightDecay: option.number({ min: 0, default: 0 }),
  },
  slots: { mean: 0 },
  update({ options, parameter, gradient, slots: { mean }, learningRate }) {
    /** @param {number} beta */
    const mixed = (beta) => add(scale(mean, beta), scale(gradient, 1 - beta));
    const change = add(sign(mixed(options.beta1)), scale(parameter, options.weightDecay));
    return { parameter: subtract(parameter, multiply(change, learningRate)), slots: { mean: mixed(options.beta2) } };
  },
});

const rootDecay = defineSchedule({
  name: 'rootDecay',
  options: { steps: option.number({ exclusiveMin: 0 }) },
  make: ({ steps }, { learningRate }) => ({
    rate: (step) => learningRate / Math.sqrt(1 + step / steps),
    observe() {},
    state: () => null,
    restore() {},
  }),
});

/** A wave of which the next value is to be predicted at each step. */
const wave = (at) => Math.sin(at / 3) * Math.cos(at / 11);
const waveFrom = (begin, length) => Float32Array.from({ length }, (_, at) => wave(begin + at));
const batchFrom = (begin, sequences = 8, steps = 30) => {
  const begins = Array.from({ length: sequences }, (_, at) => begin + 40 * at);
  const inputs = begins.map((first) => waveFrom(first, steps));
  return packSequences(inputs, { targets: begins.map((first) => waveFrom(first + 1, steps)) });
};
const training = Array.from({ length: 25 }, (_, at) => batchFrom(13 * at));
const run = { epochs: 8, checkpointEvery: 10, progress: false, clipNorm: 1 };

async function begin(directory) {
  /** @type {import('bptt').CompileOptions} */
  const settings = { loss: 'meanSquaredError', optimizer: lion({ learningRate: 2e-3 }), seed: 1 };
  const model = await sequential([gru({ units: 12 }), dense({ units: 1 })], { features: 1 }).compile(settings);
  const half = new AbortController();
  const callbacks = { onStep: ({ step }) => void (step === 100 && half.abort('half of the run')) };
  const options = { ...run, directory, schedule: rootDecay({ steps: 50 }), callbacks, signal: half.signal };
  await new Trainer(model, options).fit({ training }).catch((reason) => console.log(`stopped after ${reason}`));
  console.log(`trained ${model.step} steps, loss ${(await model.evaluate(batchFrom(5000))).loss}`);
  model.dispose();
}

async function goOn(directory) {
  const { model, schedule } = await loadModel(directory, { optimizers: [lion], schedules: [rootDecay] });
  console.log(`loaded, loss ${(await model.evaluate(batchFrom(5000))).loss}`);
  console.log(`optimizer ${JSON.stringify(model.optimizer)}`);
  console.log(`schedule ${JSON.stringify(schedule)}`);
  await new Trainer(model, { ...run, directory, schedule, resume: true }).fit({ training });
  console.log(`resumed, ${model.step} steps, loss ${(await model.evaluate(batchFrom(5000))).loss}`);
  model.dispose();
}

const [command, directory = 'runs/wave'] = process.argv.slice(2);
if (command === 'resume') await goOn(directory);
else await begin(directory);
