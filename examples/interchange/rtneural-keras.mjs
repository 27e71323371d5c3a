// Stacks for audio effects, lists of Keras layers in JSON, against their outputs: node rtneural-keras.mjs FOLDER
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { importModel } from 'bptt/interchange';

const folder = mkdtempSync(`${tmpdir()}/rtneural-`);
const read = (file) => readFileSync(`${process.argv[2]}/${file}`, 'utf8');
const samples = (file) => read(file).trim().split('\n').map(Number);
const classes = { lstm: 'LSTM', gru: 'GRU', dense: 'Dense', 'time-distributed-dense': 'Dense' };
const cell = { activation: 'tanh', recurrent_activation: 'sigmoid', return_sequences: true };
const options = { lstm: cell, gru: { ...cell, reset_after: true } };
const roles = { 2: ['kernel', 'bias'], 3: ['kernel', 'recurrent_kernel', 'bias'] };
const shapeOf = (array) => (Array.isArray(array) ? [array.length, ...shapeOf(array[0])] : []);

for (const name of ['lstm_1d', 'lstm', 'gru_1d', 'gru', 'bad_lstm']) {
  const { in_shape, layers } = JSON.parse(read(`${name}.json`));
  // What TensorFlow.js writes: a configuration, a manifest, and the numbers one after the other.
  const configs = layers.map(({ type, activation, shape: [, , units] }, at) => {
    const config = { name: `layer${at}`, batch_input_shape: in_shape, units, activation: activation || 'linear' };
    return { class_name: classes[type], config: { ...config, ...options[type] } };
  });
  const described = ({ weights }, at) =>
    weights.map((array, part) => [`layer${at}/${roles[weights.length][part]}`, array]);
  const weights = layers.flatMap(described).map(([name, array]) => ({ name, shape: shapeOf(array), dtype: 'float32' }));
  const modelTopology = { class_name: 'Sequential', config: { name, layers: configs } };
  const model = { modelTopology, weightsManifest: [{ paths: ['weights'], weights }] };
  writeFileSync(`${folder}/model.json`, JSON.stringify(model));
  writeFileSync(`${folder}/weights`, Float32Array.from(layers.flatMap(({ weights }) => weights.flat(9))));
  const imported = await importModel(`${folder}/model.json`).catch((error) => console.log(`refused: ${error.message}`));
  if (!imported) continue;
  const [stream, expected] = [imported.model.stream(), samples(`${name}_y_python.csv`)];
  const errors = samples(`${name}_x_python.csv`).map((x, at) => Math.abs(stream.step([x])[0] - expected[at]));
  console.log(`${name}: ${errors.length} samples, largest difference ${Math.max(...errors)}`);
}
