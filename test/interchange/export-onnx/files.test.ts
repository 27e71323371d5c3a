import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportModel } from '../../../src/interchange/export-model.js';
import { OnnxGraph } from '../../../src/interchange/export-onnx/onnx-graph.js';
import { writeOnnx } from '../../../src/interchange/export-onnx/write-onnx.js';
import { sequential } from '../../../src/model/network.js';
import { dense } from '../../../src/network/layers/dense.js';
import { gru } from '../../../src/network/layers/recurrent.js';
import { temporaryDirectory } from '../../checkpoint/temporary-directory.js';
import { exported, numbersOf, readOnnx, requireWellFormed, tensorOf } from './read-onnx.js';

const loss = { loss: 'meanSquaredError' } as const;
const large = () => sequential([gru({ units: 30 }), dense({ units: 2 })], { features: 9 }).compileSync(loss);

const fileOf = (graph: OnnxGraph) => ({
  graph,
  opset: 17,
  irVersion: 8,
  producerVersion: '1.2.3',
  metadata: new Map(),
  own: { network: {}, weights: {}, unread: {} },
});

describe('weights in a file of their own', () => {
  it('are the same numbers, where the file of the graph says', async () => {
    const model = large();
    const inside = await exported(model);
    const { path, graph, result } = await exported(model, { externalData: true });
    const [, weights = ''] = result.files;
    expect(result.files).toHaveLength(2);
    expect(dirname(weights)).toBe(dirname(path));
    expect(readdirSync(dirname(path)).sort()).toEqual([path, weights].map((file) => basename(file)).sort());
    const bytes = readFileSync(weights);
    expect(result.bytes).toBe(bytes.length + readFileSync(path).length);
    const outside = graph.initializer.filter(({ dataLocation }) => dataLocation === 1);
    expect(outside.map(({ name }) => name).sort()).toEqual(['gru.weight_hh_l0', 'gru.weight_ih_l0']);
    for (const { name, externalData } of outside) {
      const { location, offset, length } = Object.fromEntries(externalData.map(({ key, value }) => [key, value]));
      expect(location).toBe(basename(weights));
      expect(Number(offset) % 4096).toBe(0);
      const own = bytes.subarray(Number(offset), Number(offset) + Number(length));
      expect(own.equals(tensorOf(inside.graph, name).rawData)).toBe(true);
    }
  });

  it('have a name that follows from them, so that an older graph keeps its own', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'model.onnx');
    const model = large();
    const [, first] = (await exportModel(model, path, { to: 'onnx', externalData: true })).files;
    const [, again] = (await exportModel(model, path, { to: 'onnx', externalData: true })).files;
    expect(again).toBe(first);
    const { data } = model.parameters.get('gru.weight_hh_l0') ?? { data: new Float32Array() };
    data[5] = 0.25;
    model.parametersChanged();
    const [, other] = (await exportModel(model, path, { to: 'onnx', externalData: true })).files;
    expect(other).not.toBe(first);
    expect(readdirSync(directory)).toHaveLength(3);
  });

  it('are there where one file would be larger than it may be, and only then', async () => {
    const graph = new OnnxGraph(17);
    graph.addInitializer('zeros', [1000], [4000]);
    graph.add('Identity', ['zeros'], [graph.name('output')]);
    graph.outputs.push({ name: 'output', type: 'float32', dimensions: [1000] });
    const model = fileOf(graph);
    const path = join(temporaryDirectory(), 'zeros.onnx');
    const one = await writeOnnx(path, model, { mostBytes: 5000 });
    expect(one.files).toEqual([path]);
    expect(numbersOf(tensorOf(readOnnx(path).graph, 'zeros'))).toEqual(new Float32Array(1000));
    expect((await writeOnnx(path, model, { mostBytes: one.bytes - 1 })).files).toHaveLength(2);
    expect((await writeOnnx(path, model, { mostBytes: one.bytes })).files).toEqual([path]);
    requireWellFormed(readOnnx(path).graph);
  });

  it('are refused where one file is asked for and cannot hold them', async () => {
    const graph = new OnnxGraph(17);
    graph.addInitializer('zeros', [1000], [4000]);
    const model = fileOf(graph);
    const path = join(temporaryDirectory(), 'zeros.onnx');
    const error = { code: 'export_failed', details: { path, expected: 3000 } };
    await expect(writeOnnx(path, model, { mostBytes: 3000, isExternal: false })).rejects.toMatchObject(error);
  });
});

describe('a file', () => {
  it('is replaced as a whole, and nothing stays beside it', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'model.onnx');
    writeFileSync(path, 'old');
    const { bytes } = await exportModel(large(), path, { to: 'onnx' });
    expect(readdirSync(directory)).toEqual(['model.onnx']);
    expect(readFileSync(path).length).toBe(bytes);
  });

  it('is written alike again', async () => {
    const model = large();
    const [first, second] = [await exported(model), await exported(model)];
    expect(readFileSync(first.path).equals(readFileSync(second.path))).toBe(true);
  });

  it('that cannot be written is an error with the path, and leaves nothing', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'folder');
    mkdirSync(path);
    const failed = { name: 'InterchangeError', code: 'export_failed', details: { path, format: 'onnx' } };
    await expect(exportModel(large(), path, { to: 'onnx' })).rejects.toMatchObject(failed);
    expect(readdirSync(directory)).toEqual(['folder']);
    await expect(exportModel(large(), join(directory, 'none', 'model.onnx'), { to: 'onnx' })).rejects.toMatchObject({
      code: 'export_failed',
    });
  });

  it('of a model that was disposed is refused', async () => {
    const model = large();
    model.dispose();
    await expect(exportModel(model, join(temporaryDirectory(), 'model.onnx'), { to: 'onnx' })).rejects.toMatchObject({
      code: 'model_disposed',
    });
  });
});
