/** Gains against noise by an RNNoise model as text: node examples/interchange/rnnoise.mjs bd.rnnn */
import { readFileSync } from 'node:fs';
import { activation, concatenate, dense, gru, network } from 'bptt';

const [file = 'bd.rnnn'] = process.argv.slice(2);
const numbers = readFileSync(file, 'utf8').split(/\s+/).slice(5).map(Number);
const [weights, nodes] = [{}, /** @type {import('bptt').NodeDescription[]} */ ([])];
/** A matrix [rows, gates * units], times 256, as [gates * units, rows]. */
const read = (name, rows, units, gates) => {
  const columns = gates.flatMap((gate) => Array.from({ length: units }, (_, unit) => gate * units + unit));
  const all = numbers.splice(0, rows * columns.length).map((number) => number / 256);
  weights[name] = columns.flatMap((at) => Array.from({ length: rows }, (_, row) => all[row * columns.length + at]));
};
const reads = { a: 'bands', voice: 'a out', noise: 'a out,voice,bands', rest: 'voice,noise,bands', gains: 'rest' };
for (const [name, inputs] of Object.entries(reads)) {
  const [rows, units, code] = numbers.splice(0, 3);
  const isGru = !['a', 'gains'].includes(name); // gates z r n there, r z n here; it resets before the product
  const shapes = isGru ? { weight_ih_l0: rows, weight_hh_l0: units, bias_ih_l0: 1 } : { weight: rows, bias: 1 };
  for (const part in shapes) read(`${name}.${part}`, shapes[part], units, isGru ? [1, 0, 2] : [0]);
  const cell = gru({ units, resetAfter: false, biases: 'one', activation: code === 2 ? 'relu' : 'tanh' });
  nodes.push({ name: `${name} in`, layer: concatenate(), inputs: inputs.split(',') });
  nodes.push({ name, layer: isGru ? cell : dense({ units }), inputs: [`${name} in`] });
  if (!isGru) nodes.push({ name: `${name} out`, layer: activation(code === 0 ? 'tanh' : 'sigmoid'), inputs: [name] });
}
const inputs = { bands: /** @type {const} */ ({ kind: 'features', units: 42 }) };
const model = await network({ inputs, nodes, output: 'gains out' }).compile();
for (const [name, { data }] of model.parameters) data.set(weights[name]);
model.parametersChanged();
const [gains = []] = await model.predict([Float32Array.from({ length: 2100 }, (_, at) => Math.sin(at / 7) / 2)]);
console.log(...Array.from(gains.slice(-22), (gain) => gain.toFixed(4)));
