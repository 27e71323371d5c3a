/**
 * A loss of your own, from training to serving: squared errors that count as much as each value is trusted, and outputs that are to
 * change slowly. Some values of the signal are far off, and known to be so; the network learns the signal without them.
 *
 *   node examples/own-loss.mjs train [FILE]     trains and saves the model
 *   node examples/own-loss.mjs use [FILE]       loads it, evaluates it and reads a signal step by step
 *
 * FILE is wave.safetensors in the current folder unless it is given.
 */
import { adam, defineLoss, dense, loadModel, lstm, option, packExamples, Random, saveModel, sequential } from 'bptt';
import { add, meanSquare, multiply, scale, subtract, temporalDifference } from 'bptt/operations';

/** The mean of (trust * (output - target))^2, and a part of the mean square of the outputs' change from step to step. */
const trusted = defineLoss({
  name: 'trusted',
  options: { smoothness: option.number({ min: 0, default: 0 }) },
  inputs: { trust: { kind: 'features', units: 1 } },
  build: (outputs, target, { inputs, options }) =>
    add(
      meanSquare(multiply(subtract(outputs, target), inputs.trust)),
      scale(temporalDifference(outputs), options.smoothness),
    ),
});

const LENGTH = 30;
const wave = (at) => Math.sin(at / 4);

/** Waves whose next value is to be predicted; one target in ten is 5 too large, and not trusted. */
function batchFrom(seed) {
  const random = new Random(seed, 'waves');
  const examples = Array.from({ length: 8 }, () => {
    const begin = random.integer(1000);
    const isWrong = Array.from({ length: LENGTH }, () => random.uniform() < 0.1);
    return {
      input: Float32Array.from(isWrong, (_, at) => wave(begin + at)),
      target: Float32Array.from(isWrong, (wrong, at) => wave(begin + at + 1) + (wrong ? 5 : 0)),
      trust: Float32Array.from(isWrong, (wrong) => (wrong ? 0 : 1)),
    };
  });
  return packExamples(examples, {
    inputs: { input: {} },
    targets: { target: {}, 'target/trust': { field: 'trust' } },
  });
}

async function train(file) {
  const network = sequential([lstm({ units: 16 }), dense({ units: 1 })], { features: 1 });
  const loss = trusted({ smoothness: 1e-3 });
  const model = await network.compile({ loss, optimizer: adam({ learningRate: 2e-2 }), seed: 1 });
  for (let step = 0; step < 120; step++) await model.trainStep(batchFrom(step), { clipNorm: 1 });
  console.log(`trained ${model.step} steps, loss ${(await model.evaluate(batchFrom(1000))).loss}`);
  await saveModel(model, file);
  model.dispose();
}

async function use(file) {
  const { model } = await loadModel(file, { losses: [trusted] });
  console.log(`loaded, loss ${(await model.evaluate(batchFrom(1000))).loss} of ${JSON.stringify(model.loss)}`);
  const trust = batchFrom(1000).targets?.['target/trust'] ?? new Float32Array();
  console.log(`${trust.filter((each) => each === 0).length} of ${trust.length} targets are not trusted`);

  const stream = model.stream();
  let next;
  for (let at = 0; at < LENGTH; at++) [next] = stream.step(Float32Array.of(wave(2000 + at)));
  console.log(`streamed ${next}, expected ${wave(2000 + LENGTH)}`);
  model.dispose();
}

const [command, file = 'wave.safetensors'] = process.argv.slice(2);
if (command === 'use') await use(file);
else await train(file);
