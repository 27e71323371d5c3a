import { describe, expect, it } from 'vitest';
import { gru, lstm, rnn } from '../../../src/network/layers/recurrent.js';
import { readProjectFile } from '../../architecture/project-files.js';
import { layerGraph } from './layer-graph.js';

/** The rows of the table of parameters at the head of the recurrent layers: name and shape, in order. */
function documented(): readonly (readonly [string, string])[] {
  const [head = ''] = readProjectFile('src/network/layers/recurrent.ts').split('*/');
  return [...head.matchAll(/^ \* \| `(\w+)`\s*\| (\[[^\]]+\])/gm)].map(([, name = '', shape = '']) => [name, shape]);
}

describe('the table of parameters of the recurrent layers', () => {
  const [H, P, I] = [5, 2, 3];
  const everything = { units: H, layerNormalization: true } as const;
  const numbers = (shape: string, G: number) =>
    shape
      .slice(1, -1)
      .split(', ')
      .map((extent) => ({ GH: G * H, H, P, I })[extent] ?? Number(extent));

  it('holds all parameters of an LSTM with their shapes, in their order', () => {
    const built = layerGraph(lstm({ ...everything, projection: P, peepholes: true }), { columns: I });
    const shapes = [...built.requests].map(([name, { shape }]) => [name, shape]);
    expect(documented().map(([name, shape]) => [`${name}_l0`, numbers(shape, 4)])).toEqual(shapes);
  });

  it.each([
    ['gru', gru({ ...everything, direction: 'bidirectional' })],
    ['rnn', rnn({ ...everything, layers: 2, biases: 'one' })],
    ['lstm', lstm({ units: H, coupledGates: true, peepholes: true })],
  ] as const)('holds every name of an %s', (_, layer) => {
    const known = new Set(documented().map(([name]) => name));
    const names = [...layerGraph(layer).requests.keys()].map((name) => name.replace(/_l\d(_reverse)?$/, ''));
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('layer normalisation of an RNN', () => {
  it('has the same one bias where one or two are asked for', () => {
    for (const biases of ['one', 'two'] as const) {
      const names = [...layerGraph(rnn({ units: 4, layerNormalization: true, biases })).requests.keys()];
      expect(names).toEqual(['weight_ih_l0', 'weight_hh_l0', 'bias_hh_l0', 'gain_hh_l0']);
    }
  });
});
