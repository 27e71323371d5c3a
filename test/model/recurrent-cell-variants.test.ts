import { describe, expect, it } from 'vitest';
import type { LayerDescription } from '../../src/network/layers/layer.js';
import { layerFromJSON } from '../../src/network/layers/layers.js';
import type { RecurrentDescription } from '../../src/network/layers/recurrent.js';
import { BATCH, cellOf, checkStepGradients, checkSteps, checkSummedGradients } from './cell-checks.js';

const UNITS = 5;

/** A recurrent layer with these options. */
function layerOf(options: { readonly kind: string } & Readonly<Record<string, unknown>>): RecurrentDescription {
  const json: LayerDescription = { ...{ units: UNITS }, ...options };
  return layerFromJSON(json) as RecurrentDescription;
}

const lstmVariants = {
  'with a projection': { projection: 3 },
  'with peepholes': { peepholes: true },
  'with coupled gates': { coupledGates: true },
  'with coupled gates, peepholes and a projection': { coupledGates: true, peepholes: true, projection: 2 },
  'with normalized layers': { layerNormalization: true },
  'with normalized layers, peepholes and a projection': { layerNormalization: true, peepholes: true, projection: 4 },
  'with other activations': { gateActivation: 'hardSigmoid', activation: 'sigmoid', outputActivation: 'identity' },
  'with one bias': { biases: 'one' },
  'without biases': { biases: 'none' },
};

const plain = [
  ...Object.entries(lstmVariants).map(([name, options]) => [`lstm ${name}`, { kind: 'lstm', ...options }] as const),
  ['gru with normalized layers', { kind: 'gru', layerNormalization: true }],
  ['gru with other activations', { kind: 'gru', gateActivation: 'hardSigmoid02', activation: 'sigmoid' }],
  ['gru that resets before, without biases', { kind: 'gru', resetAfter: false, biases: 'none' }],
  ['rnn with normalized layers', { kind: 'rnn', layerNormalization: { epsilon: 1e-3 } }],
  ['rnn of sigmoid with one bias', { kind: 'rnn', activation: 'sigmoid', biases: 'one' }],
] as const;

describe.each(plain)('a cell of an %s', (_, options) => {
  const layer = layerOf(options);

  it('gives step by step what a prediction of the whole sequence gives, bit for bit', () => checkSteps(layer));

  it('sums over the steps the gradients that a model has of the whole sequence', () => {
    checkSummedGradients(layer, 1e-5);
  });
});

describe('a cell of a layer that is random while a model trains it', () => {
  const noisy = [
    ['dropout of inputs and states', { kind: 'lstm', inputDropout: 0.5, recurrentDropout: 0.5 }],
    ['dropped weights', { kind: 'gru', weightDropout: 0.5 }],
    ['zoneout', { kind: 'lstm', zoneout: { hidden: 0.2, cell: 0.4 } }],
    ['zoneout of a gru', { kind: 'gru', zoneout: 0.3 }],
    ['zoneout of an rnn', { kind: 'rnn', zoneout: 0.3 }],
  ] as const;

  it.each(noisy)('steps as a model predicts, its gradients those of that step: %s', (_, options) => {
    const layer = layerOf(options);
    checkSteps(layer);
    checkStepGradients(layer);
  });
});

describe('the states of a cell with a projection', () => {
  it('have the sizes of output and memory', () => {
    const cell = cellOf(layerOf({ kind: 'lstm', projection: 3 }));
    expect(cell.outputs).toBe(3);
    expect([...cell.stateSizes]).toEqual([
      ['lstm.h_l0', 3],
      ['lstm.c_l0', UNITS],
    ]);
    expect(cell.newState(BATCH).values.get('lstm.h_l0')).toHaveLength(BATCH * 3);
  });
});
