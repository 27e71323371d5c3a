import { describe, expect, it } from 'vitest';
import { OptionError, ShapeError } from '../../src/core/errors.js';
import { type NetworkDescription, network, networkFromJSON } from '../../src/model/network.js';
import { attention } from '../../src/network/layers/attention.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { concatenate } from '../../src/network/layers/layers.js';
import { gru, lstm } from '../../src/network/layers/recurrent.js';
import { encoderDecoder } from './encoder-decoder-models.js';
import { imageOf } from './small-models.js';

const features = { kind: 'features', units: 3 } as const;
const inputs = { input: features, source: { ...features, axis: 'source' } };
const encoder = { name: 'encoder', layer: lstm({ units: 4 }), inputs: ['source'] };
const table = { name: 'table', layer: embedding({ size: 6, units: 4 }), inputs: ['ids'] };
const out = { name: 'out', layer: dense({ units: 2 }), inputs: ['input'] };
const valid = { inputs, nodes: [encoder, out], output: 'out' };
const withNode = (node: object) => ({ ...valid, nodes: [encoder, node, out] });
const decoder = { name: 'decoder', layer: lstm({ units: 4 }), inputs: ['input'] };
const tied = (layer: object, before: object[] = [table]) => ({
  ...valid,
  inputs: { ...inputs, ids: { kind: 'indices', size: 6 } },
  nodes: [...before, { name: 'tied', layer, inputs: ['input'] }, out],
});

describe('the description of a network of several axes', () => {
  it('is frozen in all its parts and survives JSON: the same description, the same model', () => {
    for (const made of [encoderDecoder({ cell: 'lstm', tied: true }), network(severalOutputs())]) {
      const { description } = made;
      const parts: object[] = [description, ...Object.values(description.inputs), ...description.nodes];
      for (const { states } of description.nodes) if (states !== undefined) parts.push(states);
      if (description.outputs !== undefined) parts.push(description.outputs);
      for (const part of parts) expect(Object.isFrozen(part)).toBe(true);
      const restored = networkFromJSON(JSON.parse(JSON.stringify(description)));
      expect(restored.description).toEqual(description);
      const losses = description.outputs === undefined ? {} : { losses: { first: 'meanSquaredError' as const } };
      expect(imageOf(restored.compileSync({ seed: 3, ...losses }))).toEqual(
        imageOf(made.compileSync({ seed: 3, ...losses })),
      );
    }
  });

  it('of one axis and one output has the text that it always had', () => {
    const { description } = network({ inputs: { input: features }, nodes: [out], output: 'out' });
    expect(JSON.stringify(description)).toBe(
      '{"inputs":{"input":{"kind":"features","units":3}},"nodes":[{"name":"out","layer":{"kind":"dense","units":2},"inputs":["input"]}],"output":"out"}',
    );
  });
});

function severalOutputs(): NetworkDescription {
  return { inputs, nodes: [encoder, out], outputs: { first: 'out', second: 'encoder' } };
}

describe('the description of a network is refused', () => {
  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ['an axis has an empty name', { ...valid, inputs: { input: { ...features, axis: '' } } }, /cannot be named ""/],
    ['an axis has a slash', { ...valid, inputs: { input: { ...features, axis: 'a/b' } } }, /cannot be named "a\/b"/],
    ['an axis is a number', { ...valid, inputs: { input: { ...features, axis: 5 } } }, /cannot be named 5/],
    ['no input lies on time', { ...valid, inputs: { source: inputs.source } }, /no input lies on the axis 'time'/],
    ['an input is per word', { ...valid, inputs: { input: { ...features, per: 'word' } } }, /inputs\.input\.per/],
    [
      'a field of an input is misspelt',
      { ...valid, inputs: { input: { ...features, axes: 'x' } } },
      /no option 'axes'/,
    ],
    ['a state is not there', withNode({ ...out, name: 'x', inputs: ['encoder.h_l1'] }), /its states are h_l0, c_l0/],
    ['a layer has no states', { ...valid, nodes: [out, { ...out, name: 'x', inputs: ['out.h_l0'] }] }, /has no states/],
    ['a state is made later', { ...valid, nodes: [{ ...out, inputs: ['encoder.h_l0'] }, encoder] }, /not made before/],
    [
      'states are given to a dense layer',
      withNode({ ...out, name: 'x', states: { h_l0: 'out' } }),
      /its layer has none/,
    ],
    ['a state is given that is not there', withNode({ ...decoder, states: { h_l1: 'input' } }), /no option 'h_l1'/],
    ['a state is given by nobody', withNode({ ...decoder, states: { h_l0: 'nobody' } }), /reads 'nobody'/],
    ['a node is tied to nobody', tied(dense({ units: 6, tied: 'nobody' })), /no embedding/],
    ['a node is tied to another layer', tied(dense({ units: 6, tied: 'encoder' }), [table, encoder]), /no embedding/],
    ['a tied node has other units', tied(dense({ units: 5, tied: 'table' })), /5 units.*6 rows/],
    ['there are no outputs', { inputs, nodes: valid.nodes }, /either 'output' or 'outputs', got neither/],
    ['there are both kinds of outputs', { ...valid, outputs: { a: 'out' } }, /got both/],
    ['the outputs are empty', { ...severalOutputs(), outputs: {} }, /at least one output/],
    ['an output is no node', { ...severalOutputs(), outputs: { a: 'input' } }, /output 'a': 'input' is not a node/],
    ['an output has a slash', { ...severalOutputs(), outputs: { 'a/b': 'out' } }, /cannot be named 'a\/b'/],
  ];

  it.each(wrong)('when %s', (_, description, message) => {
    expect(() => network(description as never)).toThrow(OptionError);
    expect(() => network(description as never)).toThrow(message);
  });
});

describe('a network is refused when it is compiled', () => {
  const compile = (description: unknown) => () =>
    network(description as NetworkDescription).compileSync({ loss: 'meanSquaredError' });
  const memory = { name: 'memory', layer: dense({ units: 4 }), inputs: ['source'] };

  it.each([
    ['a state is given with steps', withNode({ ...decoder, states: { h_l0: 'encoder' } }), /\[steps\(source\), 4\]/],
    [
      'a state has another width',
      withNode({ ...decoder, layer: gru({ units: 5 }), states: { h_l0: 'encoder.h_l0' } }),
      /'decoder\.h_l0' is given by 'encoder\.h_l0', which is \[batch\(source\), 4\], expected one row of 5 numbers/,
    ],
    [
      'steps of two axes are joined',
      withNode({ name: 'x', layer: concatenate(), inputs: ['input', 'source'] }),
      /steps\(source\)/,
    ],
    [
      'attention has one input',
      withNode({ name: 'x', layer: attention({ score: 'dot' }), inputs: ['input'] }),
      /got 1/,
    ],
    [
      'attention asks for a row',
      withNode({ name: 'x', layer: attention({ score: 'dot' }), inputs: ['input', 'encoder.h_l0'] }),
      /the memory of attention has batch\(source\) rows/,
    ],
    [
      'dot scores are of two widths',
      {
        ...valid,
        nodes: [memory, { name: 'x', layer: attention({ score: 'dot' }), inputs: ['input', 'memory'] }, out],
      },
      /query of 3 columns and a memory of 4/,
    ],
    ['a tied layer reads another width', tied(dense({ units: 6, tied: 'table' })), /rows have 4 numbers.*3 columns/],
  ] as const)('because %s', (_, description, message) => {
    expect(compile(description)).toThrow(ShapeError);
    expect(compile(description)).toThrow(message);
  });
});
