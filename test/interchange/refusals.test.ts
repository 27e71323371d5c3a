import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { printable } from '../../src/core/one-line.js';
import { type CompileOptions, dense, gru, sequential, sgd } from '../../src/index.js';
import { exportModel } from '../../src/interchange/export-model.js';
import { importModel } from '../../src/interchange/import-model.js';
import { importRun } from '../../src/interchange/import-run.js';
import { COMPILE_OPTIONS } from '../../src/model/build/compile-options.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { onnxFile } from './onnx/onnx-file.js';

const matrix = (rows: number, columns: number) =>
  Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (_each, at) => Math.sin(row + at)));

const network = () => sequential([gru({ units: 3 }), dense({ units: 2 })], { features: 2 });

describe('a state dict as JSON', () => {
  it('decides no network where its modules fit in two orders, whatever order they are defined in', async () => {
    const file = path.join(temporaryDirectory(), 'two.json');
    const lstm = {
      'lstm.weight_ih_l0': matrix(16, 4),
      'lstm.weight_hh_l0': matrix(16, 4),
      'lstm.bias_ih_l0': matrix(1, 16)[0],
      'lstm.bias_hh_l0': matrix(1, 16)[0],
    };
    const linear = { 'proj.weight': matrix(4, 4), 'proj.bias': matrix(1, 4)[0] };
    writeFileSync(file, JSON.stringify({ ...lstm, ...linear }));
    await expect(importModel(file)).rejects.toMatchObject({ code: 'ambiguous_network' });
    writeFileSync(file, JSON.stringify({ ...lstm, 'proj.weight': matrix(5, 4), 'proj.bias': matrix(1, 5)[0] }));
    const { model } = await importModel(file);
    expect(model.outputShapes.get('output')?.columns).toBe(5);
    model.dispose();
  });

  it('says that a GRU of the network resets before the product, which that of PyTorch does not', async () => {
    const file = path.join(temporaryDirectory(), 'gru.json');
    writeFileSync(
      file,
      JSON.stringify({
        'gru.weight_ih_l0': matrix(9, 2),
        'gru.weight_hh_l0': matrix(9, 3),
        'gru.bias_ih_l0': matrix(1, 9)[0],
        'gru.bias_hh_l0': matrix(1, 9)[0],
      }),
    );
    const before = sequential([gru({ units: 3, resetAfter: false })], { features: 2 });
    const { model, notes } = await importModel(file, { network: before });
    expect(notes.join('\n')).toContain("'gru' resets before the recurrent product");
    model.dispose();
  });
});

describe('options of a compilation', () => {
  const file = () => {
    const weights = { 'fc.weight': matrix(2, 3), 'fc.bias': matrix(1, 2)[0] };
    const path = `${temporaryDirectory()}/linear.json`;
    writeFileSync(path, JSON.stringify(weights));
    return path;
  };
  // The type demands an example of each option, and the names are those of the compilation.
  const examples: Required<CompileOptions> = {
    optimizer: sgd({ learningRate: 0.1 }),
    seed: 3,
    threads: 1,
    initializer: 'uniform:0.5',
    precision: 'bf16',
    loss: 'huber',
    losses: { output: 'huber' },
    lossWeights: { output: 0.5 },
  };

  it('are all taken by importModel and importRun', async () => {
    expect(Object.keys(examples).sort()).toEqual([...COMPILE_OPTIONS].sort());
    const { losses, lossWeights, ...rest } = examples;
    const { model } = await importModel(file(), rest);
    expect(model.precision).toBe('bf16');
    const weight = [...model.parameters.values()].find(({ shape }) => shape.length === 2);
    expect([...(weight?.data ?? [])]).toEqual([...Float32Array.from(matrix(2, 3).flat())]);
    model.dispose();
    const { parameters } = await importRun(file(), `${temporaryDirectory()}/run`, rest);
    expect(parameters).toBe(8);
    (await importModel(file(), { losses, lossWeights })).model.dispose();
  });

  it.each(['precision', 'initializer'])('are checked: %s', async (name) => {
    await expect(importModel(file(), { [name]: 'none' })).rejects.toMatchObject({ code: 'invalid_option' });
  });
});

describe('options of importModel', () => {
  const file = () =>
    onnxFile({ inputs: { x: ['batch', 2] }, outputs: ['y'], nodes: [{ op: 'Tanh', inputs: ['x'], outputs: ['y'] }] });

  it.each<[string, object]>([
    ['map', { map: { a: 'b' } }],
    ['stateDict', { stateDict: 'a' }],
    ['config', { config: 'a.json' }],
    ['network', { network: network() }],
    ['network', { network: {} }],
  ])('%s is refused for an ONNX file', async (name, options) => {
    await expect(importModel(file(), options)).rejects.toMatchObject({ code: 'invalid_option', details: { name } });
  });

  it('has inputs of any name', async () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const path = onnxFile({
        inputs: Object.fromEntries([[name, ['batch', 2]]]),
        outputs: ['y'],
        nodes: [{ op: 'Tanh', inputs: [name], outputs: ['y'] }],
      });
      const { model } = await importModel(path);
      expect(model.description.inputs).not.toEqual({});
      model.dispose();
    }
  });
});

describe('an export', () => {
  it('writes over no program and no card of someone else', async () => {
    const folder = temporaryDirectory();
    const model = await network().compile();
    writeFileSync(path.join(folder, 'train.py'), 'print(1)\n');
    const weights = path.join(folder, 'train.safetensors');
    await expect(exportModel(model, weights, { to: 'pytorch', module: true })).rejects.toMatchObject({
      code: 'export_failed',
    });
    expect(existsSync(weights)).toBe(false);
    expect(readFileSync(path.join(folder, 'train.py'), 'utf8')).toBe('print(1)\n');
    const other = path.join(folder, 'own.safetensors');
    await exportModel(model, other, { to: 'pytorch', module: true });
    await exportModel(model, other, { to: 'pytorch', module: true }); // its own program
    writeFileSync(path.join(folder, 'README.md'), 'mine\n');
    await expect(exportModel(model, folder, { to: 'huggingface' })).rejects.toMatchObject({ code: 'export_failed' });
    expect(readFileSync(path.join(folder, 'README.md'), 'utf8')).toBe('mine\n');
    model.dispose();
  });
});

describe('names of files of others', () => {
  it('move no cursor', () => {
    expect(printable('a\u001b[2Jb\rc\nd')).toBe('a\\x1b[2Jb\\x0dc\nd');
  });
});
