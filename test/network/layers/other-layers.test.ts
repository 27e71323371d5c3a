import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../../src/core/errors.js';
import { dropout } from '../../../src/network/layers/dense.js';
import { layerNormalization } from '../../../src/network/layers/layer-normalization.js';
import type { AnyLayer } from '../../../src/network/layers/layers.js';
import { penalty } from '../../../src/network/layers/penalty.js';
import { pool } from '../../../src/network/layers/pool.js';
import { AXIS, attribute, layerGraph, nodeOf, operationCounts } from './layer-graph.js';

const steps = { kind: 'steps', axis: AXIS };
const batch = { kind: 'batch', axis: AXIS };

describe('layer normalisation', () => {
  it('has a gain of ones and a shift of zeros, named as in PyTorch', () => {
    const built = layerGraph(layerNormalization());
    expect([...built.requests].map(([name, { role, shape }]) => [name, role, shape])).toEqual([
      ['weight', 'gain', [3]],
      ['bias', 'shift', [3]],
    ]);
    const node = nodeOf(built, 'layerNormalization');
    expect(node.inputs.get('gain')).toBe(built.parameters.get('weight'));
    expect(node.inputs.get('shift')).toBe(built.parameters.get('bias'));
    expect(attribute(node, 'epsilon')).toBe(1e-5);
    expect(built.output).toMatchObject({ rows: steps, columns: 3 });
    const other = layerGraph(layerNormalization({ epsilon: 1e-3 }), { rows: 'batch' });
    expect(attribute(nodeOf(other, 'layerNormalization'), 'epsilon')).toBe(1e-3);
    expect(other.output.rows).toEqual(batch);
  });
});

describe('pooling', () => {
  it.each([
    ['last', 'lastStep', []],
    ['max', 'maxOverTime', []],
    ['mean', 'sumOverTime', [1]],
  ] as const)('over %s gives one row a sequence', (over, operation, attributes) => {
    const built = layerGraph(pool({ over }));
    expect(built.output).toMatchObject({ rows: batch, columns: 3 });
    expect(nodeOf(built, operation).attributes).toEqual(attributes);
  });

  it('over attention has a matrix, a bias and a vector, as wide as the input unless told otherwise', () => {
    const requestsOf = (layer: AnyLayer) => {
      const { requests, output } = layerGraph(layer);
      expect(output).toMatchObject({ rows: batch, columns: 3 });
      return [...requests].map(([name, { role, shape, initializer }]) => [name, role, shape, initializer]);
    };
    expect(requestsOf(pool({ over: 'attention', units: 5, initializer: 'xavier' }))).toEqual([
      ['weight', 'dense', [5, 3], 'xavier'],
      ['bias', 'denseBias', [5], 'xavier'],
      ['v', 'dense', [5], 'xavier'],
    ]);
    expect(requestsOf(pool({ over: 'attention' }))).toEqual([
      ['weight', 'dense', [3, 3], undefined],
      ['bias', 'denseBias', [3], undefined],
      ['v', 'dense', [3], undefined],
    ]);
  });

  it.each(['last', 'max', 'mean', 'attention'] as const)('over %s refuses an input that has no steps', (over) => {
    expect(() => layerGraph(pool({ over }), { rows: 'batch' })).toThrow(ShapeError);
  });

  it('over attention says which rows it was given', () => {
    const built = () => layerGraph(pool({ over: 'attention' }), { rows: 'batch' });
    expect(built).toThrow(/attention.*batch\(time\) rows, expected one row for each step/);
  });
});

describe('a penalty', () => {
  it('passes its input on, and counts in training alone', () => {
    const layer = penalty({ activation: 2, temporal: 3 });
    const [used, trained] = [layerGraph(layer), layerGraph(layer, { training: true })];
    expect(used.output).toBe(used.x);
    expect(trained.output).toBe(trained.x);
    expect(used.penalties).toEqual([]);
    expect(trained.penalties.map(({ value, weight }) => [value.node?.operation.name, weight])).toEqual([
      ['meanSquare', 2],
      ['temporalDifference', 3],
    ]);
    for (const { value } of trained.penalties) expect([value.rows, value.columns]).toEqual([1, 1]);
  });

  it('of weight 0 emits nothing', () => {
    expect(layerGraph(penalty({ activation: 0 }), { training: true }).graph.nodes).toEqual([]);
  });

  it.each([false, true])('on changes in time needs steps, training %s', (training) => {
    const refused = expect.objectContaining({
      code: 'shape_mismatch',
      message: expect.stringContaining('penalty with option'),
      details: { layer: 'penalty', actual: batch, expected: steps },
    });
    expect(() => layerGraph(penalty({ temporal: 1 }), { rows: 'batch', training })).toThrow(refused);
    const other = layerGraph(penalty({ activation: 1, temporal: 0 }), { rows: 'batch', training });
    expect(other.output).toBe(other.x);
  });
});

describe('dropout', () => {
  it('of elements and of whole sequences is off outside training and at rate 0', () => {
    for (const perSequence of [false, true]) {
      expect(layerGraph(dropout({ rate: 0.5, perSequence })).graph.nodes).toEqual([]);
      expect(layerGraph(dropout({ rate: 0, perSequence }), { training: true }).graph.nodes).toEqual([]);
    }
  });

  it('per sequence multiplies all steps by one row', () => {
    const built = layerGraph(dropout({ rate: 0.2, perSequence: true }), { training: true });
    expect(operationCounts(built)).toEqual({ randomMask: 1, multiplySequence: 1 });
    const mask = nodeOf(built, 'randomMask');
    expect(mask.outputs.get('y')).toMatchObject({ rows: batch, columns: 3 });
    expect(['rate', 'dropped', 'kept'].map((name) => attribute(mask, name))).toEqual([0.2, 0, 1 / (1 - 0.2)]);
    expect(built.output).toMatchObject({ rows: steps, columns: 3 });
  });

  it('per sequence multiplies one row by one row where a sequence has no more', () => {
    const built = layerGraph(dropout({ rate: 0.2, perSequence: true }), { training: true, rows: 'batch' });
    expect(operationCounts(built)).toEqual({ randomMask: 1, multiply: 1 });
    expect(nodeOf(built, 'multiply').inputs.get('a')).toBe(built.x);
    expect(nodeOf(built, 'multiply').inputs.get('b')).toBe(nodeOf(built, 'randomMask').outputs.get('y'));
    expect(built.output).toMatchObject({ rows: batch, columns: 3 });
  });

  it('of elements is one operation', () => {
    const built = layerGraph(dropout({ rate: 0.2 }), { training: true });
    expect(operationCounts(built)).toEqual({ dropout: 1 });
    expect(attribute(nodeOf(built, 'dropout'), 'operationId')).toBe(0);
  });
});
