// Recurrent stacks for audio effects, lists of Keras layers in JSON, against the outputs that come with them: node rtneural-keras.mjs FOLDER
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { importModel } from 'bptt/interchange';

const [read, folder] = [(file) => readFileSync(`${process.argv[2] ?? '.'}/${file}`, 'utf8'), mkdtempSync('rtneural-')];
const classes = { lstm: 'LSTM', gru: 'GRU', dense: 'Dense', 'time-distributed-dense': 'Dense' };
const cell = { activation: 'tanh', recurrent_activation: 'sigmoid', return_sequences: true };
const options = { lstm: cell, gru: { ...cell, reset_after: true } };
const roles = { 2: ['kernel', 'bias'], 3: ['kernel', 'recurrent_kernel', 'bias'] };
const shapeOf = (array) => (Array.isArray(array) ? [array.length, ...shapeOf(array[0])] : []);

for (const name of ['lstm_1d', 'lstm', 'gru_1d', 'gru', 'bad_lstm']) {
  const { in_shape: inputs, layers } = JSON.parse(read(`${name}.json`));
  // The same as TensorFlow.js writes it: a configuration, a manifest, and the numbers one after the other.
  const configs = layers.map(({ type, activation, shape }, at) => {
    const config = { name: `layer${at}`, units: shape.at(-1), activation: activation || 'linear', ...options[type] };
    return { class_name: classes[type], config: at === 0 ? { ...config, batch_input_shape: inputs } : config };
  });
  const arrays = layers.flatMap(({ weights }, at) =>
    weights.map((array, part) => ({ name: `layer${at}/${roles[weights.length][part]}`, shape: shapeOf(array), array })),
  );
  writeFileSync(`${folder}/weights`, Float32Array.from(arrays.flatMap(({ array }) => array.flat(9))));
  const weights = arrays.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
  const modelTopology = { class_name: 'Sequential', config: { name, layers: configs } };
  writeFileSync(
    `${folder}/model.json`,
    JSON.stringify({ modelTopology, weightsManifest: [{ paths: ['weights'], weights }] }),
  );
  const imported = await importModel(`${folder}/model.json`).catch(({ message }) =>
    console.log(`${name} is refused: ${message}`),
  );
  const stream = imported?.model.stream(); // sample by sample, as an audio effect works
  const expected = stream && read(`${name}_y_python.csv`).trim().split('\n').map(Number);
  const outputs =
    stream &&
    read(`${name}_x_python.csv`)
      .trim()
      .split('\n')
      .map((x) => stream.step([Number(x)])[0]);
  if (stream)
    console.log(`${name}: largest difference ${Math.max(...outputs.map((y, at) => Math.abs(y - expected[at])))}`);
}
