import { describe, expect, it } from 'vitest';
import { ConfigurationError, OptionError, ShapeError } from '../../src/core/errors.js';
import { type NetworkDescription, network, networkFromJSON, sequential } from '../../src/model/network.js';
import { activation, dense, dropout } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { sum } from '../../src/network/layers/layers.js';
import { lstm, rnn } from '../../src/network/layers/recurrent.js';
import { sgd } from '../../src/network/optimizers/optimizer.js';
import { TWO_INPUTS, TWO_INPUTS_BATCH } from './joined-inputs.js';
import { imageOf, randomNumbers } from './small-models.js';

const compileTwo = () => network(TWO_INPUTS).compileSync({ loss: 'meanSquaredError', threads: 1 });

describe('a network with two inputs, a joint and a sum', () => {
  it('names its parameters and states after its nodes', () => {
    const model = compileTwo();
    expect([...model.parameters.keys()].map((name) => name.split('.')[0])).toEqual([
      'letters',
      'signal',
      'signal',
      'memory',
      'memory',
      'memory',
      'memory',
      'short',
      'short',
      'out',
      'out',
    ]);
    expect(model.parameters.get('memory.weight_ih_l0')?.shape).toEqual([18, 4 + 4 + 3]);
    expect([...model.newState(2).values.keys()]).toEqual(['memory.h_l0']);
  });

  it('has the gradients that finite differences give', () => {
    const model = compileTwo();
    for (const { data } of model.parameters.values()) data.set(data.map((value) => value * 0.5));
    model.parametersChanged();
    model.trainStepSync(TWO_INPUTS_BATCH, { learningRate: 0 });
    const epsilon = 2 ** -6;
    for (const { name, data, gradient } of model.parameters.values()) {
      const analytic = gradient.slice();
      for (const element of [0, data.length - 1]) {
        const value = data[element] as number;
        const lossAt = (shift: number) => {
          data[element] = value + shift;
          model.parametersChanged();
          return model.evaluateSync(TWO_INPUTS_BATCH).loss;
        };
        const numeric = (lossAt(epsilon) - lossAt(-epsilon)) / (2 * epsilon);
        lossAt(0);
        // Central differences in float32: the loss is rounded to 1e-7, and the third derivative is of the order of 1.
        expect(Math.abs((analytic[element] as number) - numeric), `${name}[${element}]`).toBeLessThan(5e-4);
      }
    }
  });

  it('wants both inputs', () => {
    const { symbols } = TWO_INPUTS_BATCH.inputs;
    expect(() => compileTwo().predictPackedSync({ ...TWO_INPUTS_BATCH, inputs: { symbols } })).toThrow(
      /input 'frames' is missing/,
    );
  });
});

describe('a network in which', () => {
  const features = { kind: 'features', units: 2 } as const;
  const batch = {
    batchSizes: Int32Array.of(2, 1),
    inputs: { input: randomNumbers(6), unread: randomNumbers(6, 3) },
    targets: { target: randomNumbers(6, 2) },
  };
  const first = { name: 'first', layer: dense({ units: 2 }), inputs: ['input'] };
  const compile = (description: NetworkDescription) =>
    network(description).compileSync({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0.1 }), threads: 1 });

  it('a layer is read twice by one sum counts its gradient twice', () => {
    const once = compile({ inputs: { input: features }, nodes: [first], output: 'first' });
    const twice = compile({
      inputs: { input: features },
      nodes: [first, { name: 'both', layer: sum(), inputs: ['first', 'first'] }],
      output: 'both',
    });
    const [plain, doubled] = [once.predictPackedSync(batch), twice.predictPackedSync(batch)];
    expect(doubled).toEqual(plain.map((value) => 2 * value));
    // The same outputs, made by weights of twice the size: the gradient of the halves is twice that of the whole.
    for (const { data } of once.parameters.values()) data.set(data.map((value) => 2 * value));
    once.parametersChanged();
    expect(twice.trainStepSync(batch).loss).toBe(once.trainStepSync(batch).loss);
    for (const [name, { gradient }] of twice.parameters) {
      const whole = once.parameters.get(name)?.gradient as Float32Array;
      expect(gradient, name).toEqual(whole.map((value) => 2 * value));
    }
  });

  it('a layer and an input are read by nothing trains the others and leaves that layer alone', () => {
    const unread = { name: 'unread_layer', layer: lstm({ units: 3 }), inputs: ['unread'] };
    const inputs = { input: features, unread: features };
    const model = compile({ inputs, nodes: [first, unread], output: 'first' });
    const alone = compile({ inputs: { input: features }, nodes: [first], output: 'first' });
    const before = model.parameters.get('unread_layer.weight_hh_l0')?.data.slice();
    for (let step = 0; step < 3; step++) expect(model.trainStepSync(batch)).toEqual(alone.trainStepSync(batch));
    expect(model.parameters.get('unread_layer.weight_hh_l0')?.data).toEqual(before);
    expect(model.diagnose(batch)).toBeUndefined();
  });
});

describe('the description of a network', () => {
  it('is frozen in all its parts and does not follow what it was made of', () => {
    const inputs = { input: { kind: 'features' as const, units: 3 } };
    const nodes = [{ name: 'dense', layer: dense({ units: 2 }), inputs: ['input'] }];
    const { description } = network({ inputs, nodes, output: 'dense' });
    inputs.input.units = 99;
    nodes.length = 0;
    expect(description.inputs['input']).toEqual({ kind: 'features', units: 3 });
    expect(description.nodes).toHaveLength(1);
    const parts: object[] = [description, description.inputs, description.nodes];
    for (const node of description.nodes) parts.push(node, node.layer, node.inputs);
    for (const input of Object.values(description.inputs)) parts.push(input);
    for (const part of parts) expect(Object.isFrozen(part)).toBe(true);
  });

  it('survives JSON: the same description, the same model', () => {
    const dense3 = sequential(
      [lstm({ units: 4, layers: 2, dropout: 0.2 }), dropout({ rate: 0.1 }), dense({ units: 3 })],
      { features: 2 },
    );
    for (const made of [
      network(TWO_INPUTS),
      dense3,
      sequential([embedding({ size: 5, units: 2 }), rnn({ units: 3 })]),
    ]) {
      const restored = networkFromJSON(JSON.parse(JSON.stringify(made.description)));
      expect(restored.description).toEqual(made.description);
      expect(imageOf(restored.compileSync({ seed: 3 }))).toEqual(imageOf(made.compileSync({ seed: 3 })));
    }
  });

  it('is the one that the model shows', async () => {
    const model = await network(TWO_INPUTS).compile({ loss: 'meanSquaredError' });
    expect(model.description).toEqual(TWO_INPUTS);
    expect(model.outputs).toBe(2);
  });
});

describe('a network is refused', () => {
  const features = { kind: 'features', units: 3 } as const;
  const node = { name: 'a', layer: dense({ units: 2 }), inputs: ['input'] };
  const valid = { inputs: { input: features }, nodes: [node], output: 'a' };
  const invalid: readonly (readonly [string, unknown, RegExp])[] = [
    ['a name is used twice', { ...valid, nodes: [node, node] }, /two nodes or inputs named 'a'/],
    ['a node has the name of an input', { ...valid, nodes: [{ ...node, name: 'input' }] }, /named 'input'/],
    [
      'a node reads what is made later',
      {
        ...valid,
        nodes: [
          { ...node, inputs: ['b'] },
          { ...node, name: 'b' },
        ],
      },
      /reads 'b'/,
    ],
    ['a node reads itself', { ...valid, nodes: [{ ...node, inputs: ['a'] }] }, /reads 'a'/],
    ['a node reads nothing', { ...valid, nodes: [{ ...node, inputs: [] }] }, /no input/],
    ['a node has no name', { ...valid, nodes: [{ ...node, name: '' }] }, /named ''/],
    [
      'a name holds a slash',
      { ...valid, nodes: [{ ...node, name: 'state/x' }], output: 'state/x' },
      /named 'state\/x'/,
    ],
    ['a name holds a dot', { ...valid, nodes: [{ ...node, name: 'a.b' }], output: 'a.b' }, /named 'a\.b'/],
    ['an input is named target', { ...valid, inputs: { input: features, target: features } }, /named 'target'/],
    ['the output is not there', { ...valid, output: 'b' }, /output 'b' is not a node/],
    ['the output is an input', { ...valid, output: 'input' }, /output 'input' is not a node/],
    ['an input has no width', { ...valid, inputs: { input: { kind: 'features' } } }, /inputs\.input\.units/],
    ['an input has a size of 0', { ...valid, inputs: { input: { kind: 'indices', size: 0 } } }, /inputs\.input\.size/],
    [
      'an input is of no known kind',
      { ...valid, inputs: { input: { kind: 'image', units: 3 } } },
      /"indices", "features"/,
    ],
  ];

  it.each(invalid)('when %s', (_, description, message) => {
    for (const make of [network, networkFromJSON]) {
      expect(() => make(description as never)).toThrow(OptionError);
      expect(() => make(description as never)).toThrow(message);
    }
  });

  it.each([
    undefined,
    null,
    5,
    'lstm',
    [],
    {},
    { inputs: {}, nodes: [] },
    { inputs: { input: null }, nodes: [], output: 'a' },
    { inputs: { input: features }, nodes: {}, output: 'a' },
    { inputs: { input: features }, nodes: [null], output: 'a' },
    { inputs: { input: features }, nodes: [{ name: 'a', inputs: ['input'] }], output: 'a' },
    { inputs: { input: features }, nodes: [{ name: 'a', layer: null, inputs: ['input'] }], output: 'a' },
    { inputs: { input: features }, nodes: [{ name: 'a', layer: dense({ units: 2 }) }], output: 'a' },
  ])('as JSON when it is %j', (json) => {
    expect(() => networkFromJSON(json)).toThrow(ConfigurationError);
    expect(() => networkFromJSON(json)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });

  it('as JSON when a layer in it is wrong', () => {
    const withLayer = (layer: object) => () => networkFromJSON({ ...valid, nodes: [{ ...node, layer }] });
    expect(withLayer({ kind: 'lstm' })).toThrow(/units/);
    expect(withLayer({ kind: 'lstm', units: 4, unit: 4 })).toThrow(/no option 'unit'/);
    expect(withLayer({ kind: 'conv' })).toThrow(/'conv' is unknown/);
    expect(withLayer({ units: 4 })).toThrow(OptionError);
  });

  it('when it has no layers, or no width for its features', () => {
    expect(() => sequential([])).toThrow(/at least one layer/);
    expect(() => sequential([dense({ units: 2 })])).toThrow(/features/);
  });

  it('in compilation when layers do not fit together', () => {
    const compile = (layers: Parameters<typeof sequential>[0]) => () =>
      sequential(layers, { features: 3 }).compileSync();
    expect(compile([dense({ units: 2 }), embedding({ size: 4, units: 2 })])).toThrow(ShapeError);
    const onIds = { inputs: { input: { kind: 'indices', size: 4 } as const }, nodes: [node], output: 'a' };
    expect(() => network(onIds).compileSync()).toThrow(/dense takes one input of real numbers, got indices/);
    const sums = [
      node,
      { ...node, name: 'b', layer: dense({ units: 3 }) },
      { name: 'c', layer: sum(), inputs: ['a', 'b'] },
    ];
    expect(() => network({ ...valid, nodes: sums, output: 'c' }).compileSync()).toThrow(ShapeError);
    const pair = {
      ...valid,
      inputs: { input: features, other: features },
      nodes: [{ ...node, inputs: ['input', 'other'] }],
    };
    expect(() => network(pair).compileSync()).toThrow(/dense takes one input of real numbers, got 2 inputs/);
  });

  it('in training when it has no parameters', () => {
    const model = sequential([activation('tanh')], { features: 1 }).compileSync({ loss: 'meanSquaredError' });
    const batch = {
      batchSizes: Int32Array.of(1),
      inputs: { input: Float32Array.of(1) },
      targets: { target: Float32Array.of(1) },
    };
    expect(model.predictPackedSync(batch)[0]).toBeCloseTo(Math.tanh(1), 6);
    expect(() => model.trainStepSync(batch)).toThrow(/no parameters/);
  });
});
