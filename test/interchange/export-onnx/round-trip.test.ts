import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { importModel } from '../../../src/interchange/import-model.js';
import { inspectFile } from '../../../src/interchange/inspect-file.js';
import { ModelProtoSchema } from '../../../src/interchange/onnx/onnx-pb.js';
import type { Model } from '../../../src/model/model.js';
import { sequential } from '../../../src/model/network.js';
import { batchNormalization } from '../../../src/network/layers/batch-normalization.js';
import { dense } from '../../../src/network/layers/dense.js';
import { operation } from '../../../src/network/layers/operation.js';
import { gru, lstm } from '../../../src/network/layers/recurrent.js';
import { temporaryDirectory } from '../../checkpoint/temporary-directory.js';
import { digests, networkOf } from './networks.js';
import { exported, readOnnx, tensorOf } from './read-onnx.js';

const loss = { loss: 'meanSquaredError' } as const;

/** Plain sequences for every input: three samples, long enough for convolutions. */
function inputsOf({ description: { inputs } }: Model): Record<string, (Float32Array | Int32Array)[]> {
  const random = new Random(3, 'inputs');
  const named = Object.entries(inputs).map(([name, input]) => {
    const sequences = [17, 20, 15].map((length) => {
      const rows = input.per === 'sequence' ? 1 : length;
      if (input.kind === 'features')
        return Float32Array.from({ length: rows * input.units }, () => 2 * random.uniform() - 1);
      return Int32Array.from({ length: rows }, () => random.integer(input.size));
    });
    return [name, sequences] as const;
  });
  return Object.fromEntries(named);
}

async function outputsOf(model: Model): Promise<Record<string, Float32Array[]>> {
  const inputs = inputsOf(model);
  const [only, ...others] = Object.values(inputs);
  return model.predictAll((others.length === 0 ? only : inputs) as never);
}

describe('an exported file', () => {
  it('comes back as the model that it was, bit by bit, whatever its options', async () => {
    for (const seed of Object.keys(digests).slice(0, 70)) {
      const { kind, network, model, settings } = await networkOf(seed);
      const { path } = await exported(model, settings);
      const isOwn = model.description.nodes.some(({ layer }) => layer.kind.startsWith('own'));
      const { model: again, format } = await importModel(path, isOwn ? { network } : {});
      expect(format).toBe('onnx');
      expect(again.description, `${seed} ${kind}`).toEqual(model.description);
      for (const [name, { data }] of [...model.parameters, ...model.buffers]) {
        const other = again.parameters.get(name) ?? again.buffers.get(name);
        expect(other?.data, `${seed} ${kind}: ${name}`).toEqual(data);
      }
      expect(await outputsOf(again), `${seed} ${kind}`).toEqual(await outputsOf(model));
      model.dispose();
      again.dispose();
    }
  });

  it('brings numbers that predictions do not read, too', async () => {
    const layers = [batchNormalization({ momentum: null }), dense({ units: 1 })];
    const model = sequential(layers, { features: 2 }).compileSync(loss);
    await model.trainStep({
      inputs: [
        [
          [1, 2],
          [3, 5],
        ],
      ],
      targets: [[1, 2]],
    });
    const { path } = await exported(model);
    const { model: again } = await importModel(path);
    expect((await inspectFile(path)).network).toContain('batchNormalization');
    expect(again.buffers.get('batchNormalization.num_batches_tracked')?.data).toEqual(Float32Array.of(1));
  });

  it('comes back from two files, with long lists of indices in it', async () => {
    const order = Array.from({ length: 1100 }, (_, at) => (at % 7 === 0 ? -1 : (at * 13) % 40));
    const layers = [
      dense({ units: 40 }),
      operation('permuteColumns', { order }),
      batchNormalization({ affine: false }),
    ];
    const model = sequential(layers, { features: 9 }).compileSync(loss);
    const { path, result } = await exported(model, { externalData: true });
    expect(result.files).toHaveLength(2);
    const { model: again } = await importModel(path);
    expect(again.description).toEqual(model.description);
    expect(await outputsOf(again)).toEqual(await outputsOf(model));
  });

  it('gives the weights that it has now, where another program has changed them', async () => {
    const model = sequential([gru({ units: 3 }), dense({ units: 1 })], { features: 2 }).compileSync(loss);
    const { path, file } = await exported(model);
    const { rawData } = tensorOf(file.graph, 'dense.weight');
    new DataView(rawData.buffer, rawData.byteOffset).setFloat32(0, 0.75, true);
    writeFileSync(path, toBinary(ModelProtoSchema, file));
    const { model: again } = await importModel(path);
    expect(again.parameters.get('dense.weight')?.data[0]).toBe(0.75);
  });

  it('whose graph another program has changed is what its graph says, not what it was', async () => {
    const model = sequential([lstm({ units: 3 }), dense({ units: 1 })], { features: 2 }).compileSync(loss);
    const { path, graph } = await exported(model, { lengths: false });
    const file = readOnnx(path);
    expect(graph.node.map(({ opType }) => opType)).toContain('Add');
    for (const node of file.graph.node) if (node.opType === 'Add') node.opType = 'Sub';
    const changed = join(temporaryDirectory(), 'changed.onnx');
    writeFileSync(changed, toBinary(ModelProtoSchema, file));
    const { model: again } = await importModel(changed);
    const [input] = Object.values(inputsOf(again));
    const [before] = await model.predict(input as never);
    const [after] = await again.predict(input as never);
    const bias = model.parameters.get('dense.bias')?.data[0] as number;
    expect(bias).not.toBe(0);
    for (const [at, value] of (after ?? []).entries()) {
      expect(value).toBeCloseTo((before?.[at] as number) - 2 * bias, 5);
    }
  });

  it.each([
    'no JSON',
    '[]',
    '{"network":{},"weights":{"a":[["b",0,0]]},"unread":{},"graph":""}',
    '{"network":{},"weights":{"a":[["b",-1,0,1]]},"unread":{},"graph":""}',
    '{"network":{},"weights":{},"unread":{"a":["1"]},"graph":""}',
  ])('that says nothing sensible of itself is what its graph says: %s', async (text) => {
    const model = sequential([dense({ units: 2 })], { features: 2 }).compileSync(loss);
    const { path, file } = await exported(model, { lengths: false });
    for (const each of file.metadataProps) each.value = text;
    writeFileSync(path, toBinary(ModelProtoSchema, file));
    const { model: again } = await importModel(path);
    expect(again.description).not.toEqual(model.description);
    const [input] = Object.values(inputsOf(again));
    expect(await again.predict(input as never)).toEqual(await model.predict(input as never));
  });
});
