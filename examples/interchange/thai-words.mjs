/** Words of Thai text by the network of ICU: node examples/interchange/thai-words.mjs Thai_..._heavy.json TEXT */
import { readFileSync } from 'node:fs';
import { activation, dense, embedding, lstm, sequential } from 'bptt';

const [file = '', text = ''] = process.argv.slice(2);
const { dic: codes, ...matrices } = JSON.parse(readFileSync(file, 'utf8'));
const [table, ...others] = Array.from({ length: 9 }, (_, at) => matrices[`mat${at + 1}`]);
const [size, units] = table.dim;
const stack = lstm({ units: others[1].dim[0], direction: 'bidirectional', biases: 'one' });
const layers = [embedding({ size, units }), stack, dense({ units: 4 }), activation('softmax')];
const model = await sequential(layers).compile();
// Keras: the gates are those of PyTorch, weights are [inputs, outputs].
const transposed = ({ dim: [rows, columns = 1], data }) =>
  Float32Array.from(data, (_, at) => data[(at % rows) * columns + Math.floor(at / rows)]);
const forward = ['weight_ih', 'weight_hh', 'bias_ih'].map((name) => `lstm.${name}_l0`);
const recurrent = [...forward, ...forward.map((name) => `${name}_reverse`)];
for (const [at, name] of [...recurrent, 'dense.weight', 'dense.bias'].entries()) {
  const { dim, data } = others[at];
  model.parameters.get(name)?.data.set(dim.length === 1 ? data : transposed(others[at]));
}
model.parameters.get('embedding.weight')?.data.set(table.data);
model.parametersChanged();
const characters = [...text];
const [shares = []] = await model.predict([characters.map((each) => codes[each] ?? size - 1)]);
// Of Begin, Inside, End and Single, a word begins with Begin and with Single.
const beginsWord = characters.map((_, at) => {
  const kinds = [...shares.slice(4 * at, 4 * at + 4)];
  return [0, 3].includes(kinds.indexOf(Math.max(...kinds)));
});
console.log(characters.map((each, at) => (beginsWord[at] && at > 0 ? `|${each}` : each)).join(''));
