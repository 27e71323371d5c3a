/**
 * A network of your own from training to serving. docs/saving.md explains it.
 *
 *   node examples/load-model.mjs train [FILE]     trains and saves the model
 *   node examples/load-model.mjs use [FILE]       loads it, trains it further, predicts, reads a signal step by step, and answers one
 *                                                 request over HTTP, which it sends itself
 *
 * FILE is wave.safetensors in the current folder unless it is given.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { adam, dense, gru, loadModel, packSequences, saveModel, sequential, Trainer } from 'bptt';

/** A wave that the network learns to continue: of `length` values from `begin` on, the next one. */
const wave = (at) => Math.sin(at / 3) * Math.cos(at / 11);
const windowAt = (begin, length = 12) => Float32Array.from({ length }, (_, at) => wave(begin + at));

function batchesFrom(first) {
  return Array.from({ length: 20 }, (_, batch) => {
    const begins = Array.from({ length: 8 }, (_, at) => first + 8 * batch + at);
    const next = Float32Array.from(begins, (begin) => wave(begin + 12));
    return packSequences(
      begins.map((begin) => windowAt(begin)),
      { sequenceTargets: next },
    );
  });
}

const data = { training: batchesFrom(0), validation: batchesFrom(1000) };

async function train(file) {
  const network = sequential([gru({ units: 12, output: 'last' }), dense({ units: 1 })], { features: 1 });
  const model = await network.compile({ loss: 'meanSquaredError', optimizer: adam({ learningRate: 5e-3 }), seed: 1 });
  const { best, steps } = await new Trainer(model, { epochs: 3, progress: false }).fit(data);
  await saveModel(model, file, { configuration: { window: 12 } });
  console.log(`trained ${steps} steps, loss ${best?.loss}`);
  model.dispose();
}

async function use(file) {
  const { model, step, configuration } = await loadModel(file);
  const { best } = await new Trainer(model, { epochs: 1, progress: false }).fit(data);
  console.log(`loaded at step ${step}, trained on to step ${model.step}, loss ${best?.loss}`);

  const predict = async (values) => Number((await model.predict(packSequences([Float32Array.from(values)])))[0]);
  const length = Number(configuration?.window);
  const window = windowAt(2000, length);
  console.log(`predicted ${await predict(window)}, expected ${wave(2000 + length)}`);

  const stream = model.stream();
  let streamed;
  for (const value of window) [streamed] = stream.step(Float32Array.of(value));
  stream.close();
  console.log(`streamed ${streamed}`);

  const server = createServer(async (request, response) => {
    const values =
      new URL(request.url ?? '/', 'http://localhost').searchParams.get('values')?.split(',').map(Number) ?? [];
    const isRight = values.length > 0 && values.every(Number.isFinite);
    response.writeHead(isRight ? 200 : 400, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(isRight ? { next: await predict(values) } : { error: 'expected ?values=0.1,0.2,...' }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const answer = await fetch(`http://127.0.0.1:${port}/?values=${[...window].join(',')}`);
  const { next } = /** @type {{ next: number }} */ (await answer.json());
  console.log(`served ${next}`);
  server.close();
  model.dispose();
}

const [command, file = 'wave.safetensors'] = process.argv.slice(2);
if (command === 'use') await use(file);
else await train(file);
