import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportModel } from '../../../src/interchange/export-model.js';
import type { Model } from '../../../src/model/model.js';
import { network, sequential } from '../../../src/model/network.js';
import { conv1d } from '../../../src/network/layers/conv1d.js';
import { defineLayer } from '../../../src/network/layers/define-layer.js';
import { dense } from '../../../src/network/layers/dense.js';
import { pool } from '../../../src/network/layers/pool.js';
import { gru } from '../../../src/network/layers/recurrent.js';
import { add } from '../../../src/network/operations/elementwise.js';
import { meanSquaredError } from '../../../src/network/operations/losses.js';
import { temporaryDirectory } from '../../checkpoint/temporary-directory.js';

const loss = { loss: 'meanSquaredError' } as const;
const features = { features: 2 };

async function refusal(model: Model, options: object): Promise<unknown> {
  const path = join(temporaryDirectory(), 'model.onnx');
  const error = await exportModel(model, path, { to: 'onnx', ...options }).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(existsSync(path)).toBe(false);
  return error;
}

describe('what ONNX cannot hold', () => {
  it('is refused with the layer and the operation', async () => {
    const layer = defineLayer({
      name: 'withLoss',
      options: {},
      build: ([x]) => add(x, meanSquaredError(x, x)),
    });
    const model = sequential([layer(), dense({ units: 1 })], features).compileSync(loss);
    expect(await refusal(model, {})).toMatchObject({
      name: 'InterchangeError',
      code: 'not_exportable',
      message: expect.stringContaining("layer 'withLoss'"),
      details: { layer: 'withLoss', operation: 'meanSquaredError', format: 'onnx' },
    });
  });

  it.each([
    ['backwards', gru({ units: 2, direction: 'bidirectional' }), 'gru'],
    ['of later steps', conv1d({ units: 2, kernelSize: 3, padding: 'same' }), 'conv1d'],
    ['of fewer steps', conv1d({ units: 2, kernelSize: 1, stride: 2 }), 'conv1d'],
  ])('is a single step of a layer %s', async (_, layer, name) => {
    const model = sequential([layer, dense({ units: 1 })], features).compileSync(loss);
    expect(await refusal(model, { stateful: true })).toMatchObject({
      code: 'not_exportable',
      details: { layer: name, option: 'stateful' },
    });
  });

  it('is a single step of a network with two time axes', async () => {
    const model = network({
      inputs: { source: { kind: 'features', units: 2, axis: 'source' }, x: { kind: 'features', units: 2 } },
      nodes: [
        { name: 'encoder', layer: pool({ over: 'mean' }), inputs: ['source'] },
        { name: 'gru', layer: gru({ units: 2 }), inputs: ['x'], states: { h_l0: 'encoder' } },
      ],
      output: 'gru',
    }).compileSync(loss);
    expect(await refusal(model, { stateful: true })).toMatchObject({
      code: 'not_exportable',
      details: { axis: 'source' },
    });
  });

  it('is a single step whose first state the network computes', async () => {
    const model = network({
      inputs: { x: { kind: 'features', units: 2 }, begin: { kind: 'features', units: 2, per: 'sequence' } },
      nodes: [{ name: 'gru', layer: gru({ units: 2 }), inputs: ['x'], states: { h_l0: 'begin' } }],
      output: 'gru',
    }).compileSync(loss);
    expect(await refusal(model, { stateful: true })).toMatchObject({
      code: 'not_exportable',
      details: { layer: 'gru', state: 'gru.h_l0' },
    });
  });
});

describe('options of an export', () => {
  const model = sequential([gru({ units: 2 })], features).compileSync(loss);

  it.each([
    [{ opset: 16 }, 'opset'],
    [{ opset: 26 }, 'opset'],
    [{ opset: 17.5 }, 'opset'],
    [{ batchFirst: 1 }, 'batchFirst'],
    [{ lengths: 'no' }, 'lengths'],
    [{ states: null }, 'states'],
    [{ externalData: 2 }, 'externalData'],
    [{ stateful: true, lengths: true }, 'lengths'],
    [{ stateful: true, batchFirst: false }, 'batchFirst'],
    [{ stateful: true, states: true }, 'states'],
    [{ vocabulary: {} }, 'vocabulary'],
    [{ configuration: [1] }, 'configuration'],
  ])('are refused: %o', async (options, name) => {
    expect(await refusal(model, options)).toMatchObject({ code: 'invalid_option', details: { name } });
  });

  it('are refused where there is no such option', async () => {
    expect(await refusal(model, { opsets: 17 })).toMatchObject({ code: 'unknown_option' });
  });

  it('are refused where the model is none, or the path', async () => {
    const invalid = { code: 'invalid_option' };
    await expect(exportModel({} as never, 'model.onnx', { to: 'onnx' })).rejects.toMatchObject(invalid);
    await expect(exportModel(model, '', { to: 'onnx' })).rejects.toMatchObject(invalid);
    await expect(exportModel(model, 7 as never, { to: 'onnx' })).rejects.toMatchObject(invalid);
  });
});
