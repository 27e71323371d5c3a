/**
 * Recurrent stacks for audio effects, as PyTorch state dicts in JSON, against the outputs that come with them.
 *
 *   node examples/interchange/rtneural.mjs FOLDER     FOLDER: the models of github.com/jatinchowdhury18/RTNeural
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dense, gru, lstm, network } from 'bptt';
import { importModel } from 'bptt/interchange';

const [folder = '.'] = process.argv.slice(2);
const samples = (file) => Float32Array.from(readFileSync(join(folder, file), 'utf8').trim().split('\n'), Number);

for (const [kind, layer] of Object.entries({ lstm, gru })) {
  // Two modules, `lstm` and `lstm2`: names and shapes do not say what stands between them, so the network does.
  const nodes = [
    { name: kind, layer: layer({ units: 8 }), inputs: ['input'] },
    { name: `${kind}2`, layer: layer({ units: 8, layers: 3 }), inputs: [kind] },
    { name: 'dense', layer: dense({ units: 1 }), inputs: [`${kind}2`] },
  ];
  const stack = network({ inputs: { input: { kind: 'features', units: 1 } }, nodes, output: 'dense' });
  const { model } = await importModel(join(folder, `${kind}_torch.json`), { network: stack });
  const expected = samples(`${kind}_torch_y_python.csv`);
  const stream = model.stream(); // sample by sample, as an audio effect works
  const outputs = [...samples(`${kind}_torch_x_python.csv`)].map((x) => stream.step(Float32Array.of(x))[0]);
  const distance = Math.max(...outputs.map((y, at) => Math.abs(y - expected[at])));
  console.log(`${kind}: ${outputs.length} samples, largest difference ${distance.toExponential(1)}`);
}
