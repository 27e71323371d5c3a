import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../src/core/errors.js';
import { networkFromJSON, sequential } from '../../../src/model/network.js';
import { layerFromJSON } from '../../../src/network/layers/layers.js';
import { gru, lstm, rnn } from '../../../src/network/layers/recurrent.js';

const makers = { rnn, lstm, gru } as const;
type Options = Readonly<Record<string, unknown>>;
const make = (kind: keyof typeof makers, options: Options) => makers[kind]({ units: 4, ...options } as never);
const kinds = Object.keys(makers) as (keyof typeof makers)[];

/** Every option of every recurrent layer with a value that is not its default. */
const shared: Options = {
  layers: 2,
  dropout: 0.25,
  initializer: 'keras',
  direction: 'bidirectional',
  merge: 'sum',
  residual: true,
  biases: 'one',
  output: 'sequence',
  inputDropout: 0.125,
  recurrentDropout: 0.5,
  zoneout: 0.1,
  layerNormalization: { epsilon: 1e-3 },
  weightDropout: 0.75,
  inputClip: 1.5,
  activationPenalty: 2,
  temporalPenalty: 1,
};
const own = {
  rnn: { activation: 'relu' },
  lstm: {
    zoneout: { hidden: 0.1, cell: 0.5 },
    gateActivation: 'hardSigmoid',
    activation: 'relu',
    outputActivation: 'identity',
    projection: 3,
    peepholes: true,
    cellClip: 5,
    forgetBias: -2,
  },
  gru: { gateActivation: 'hardSigmoid02', activation: 'sigmoid', resetAfter: true },
} as const;

describe('a recurrent layer with every option', () => {
  it.each(kinds)('%s is frozen, and the same again from the JSON of its network', (kind) => {
    const layer = make(kind, { ...shared, ...own[kind] });
    expect(layer).toEqual({ kind, units: 4, ...shared, ...own[kind] });
    for (const part of [layer, layer.layerNormalization, layer.zoneout]) expect(Object.isFrozen(part)).toBe(true);
    const { description } = sequential([layer], { features: 2 });
    const restored = networkFromJSON(JSON.parse(JSON.stringify(description))).description;
    expect(restored).toEqual(description);
    expect(Object.isFrozen(restored.nodes[0]?.layer)).toBe(true);
  });

  it('does not follow later changes of options inside options', () => {
    const options = { units: 4, layerNormalization: { epsilon: 0.1 }, zoneout: { hidden: 0.1 } };
    const layer = lstm(options);
    options.layerNormalization.epsilon = 0.2;
    options.zoneout.hidden = 0.2;
    expect(layer).toMatchObject({ layerNormalization: { epsilon: 0.1 }, zoneout: { hidden: 0.1 } });
  });

  it('takes coupled gates, and a reset gate that acts before', () => {
    expect(make('lstm', { coupledGates: true })).toMatchObject({ coupledGates: true });
    expect(make('gru', { resetAfter: false, layerNormalization: false })).toMatchObject({ resetAfter: false });
  });
});

describe('an option of every recurrent layer', () => {
  const rates = ['dropout', 'inputDropout', 'recurrentDropout', 'zoneout', 'weightDropout'];
  it.each(rates)('%s is refused unless it is a probability that the kernels take', (name) => {
    for (const kind of kinds) {
      for (const value of [-0.1, 0.9999995, 1, Number.NaN, '0.5', true, null]) {
        expect(() => make(kind, { [name]: value })).toThrow(new RegExp(`'${name}' must be .*>= 0 and <= 0\\.999999`));
      }
      expect(make(kind, { [name]: 0.999999 })).toMatchObject({ [name]: 0.999999 });
    }
  });

  it.each(['activationPenalty', 'temporalPenalty'])('%s is refused unless it is a number from 0 on', (name) => {
    for (const kind of kinds) {
      for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, '1']) {
        expect(() => make(kind, { [name]: value })).toThrow(new RegExp(`'${name}' must be .*>= 0`));
      }
    }
  });

  it.each([
    ['direction', 'backward', /"forward", "reverse", "bidirectional"/],
    ['residual', 1, /'residual' must be one of true, false, got 1/],
    ['biases', true, /"none", "one", "two"/],
    ['output', 'first', /"sequence", "last"/],
    ['layerNormalization', 1e-5, /'layerNormalization' must be one of true, false/],
    ['layerNormalization', null, /'layerNormalization' must be one of true, false/],
    ['layerNormalization', { epsilon: 1e-45 }, /'epsilon' must be .*>= 1e-30/],
    ['layerNormalization', { eps: 1e-3 }, /no option 'eps'/],
    ['zoneout', [0.1], /zoneout/],
  ])('%s is refused when it is %j', (name, value, message) => {
    for (const kind of kinds) {
      expect(() => make(kind, { [name]: value })).toThrow(OptionError);
      expect(() => make(kind, { [name]: value })).toThrow(message);
      expect(() => layerFromJSON({ kind, units: 4, [name]: value } as never)).toThrow(message);
    }
  });

  it('merge is refused where there are not two directions, and when it is unknown', () => {
    for (const kind of kinds) {
      for (const direction of ['forward', 'reverse']) {
        expect(() => make(kind, { merge: 'sum', direction })).toThrow(
          expect.objectContaining({
            code: 'invalid_option',
            message: expect.stringContaining(`'merge' is "sum" while 'direction' is "${direction}"`),
            details: { name: 'merge', value: 'sum', other: 'direction', otherValue: direction },
          }),
        );
      }
      expect(() => make(kind, { merge: 'concatenate' })).toThrow(
        /'merge' is "concatenate" while 'direction' is "forward"/,
      );
      const unknown = { merge: 'average', direction: 'bidirectional' };
      expect(() => make(kind, unknown)).toThrow(/'merge' must be one of "concatenate", "sum"/);
    }
  });

  it('output of the last step with residual is refused where a walk ends elsewhere', () => {
    for (const kind of kinds) {
      const options = { layers: 2, residual: true, output: 'last' };
      expect(make(kind, options)).toMatchObject(options);
      for (const direction of ['reverse', 'bidirectional']) {
        const message = `'output' is "last" while 'direction' is "${direction}"`;
        expect(() => make(kind, { ...options, direction })).toThrow(message);
      }
    }
  });
});

describe('an activation with numbers', () => {
  it.each([
    [{ name: 'affine' }, { alpha: 1, beta: 0 }],
    [
      { name: 'affine', beta: 0.5 },
      { alpha: 1, beta: 0.5 },
    ],
    [{ name: 'leakyRelu' }, { alpha: 0.01 }],
    [{ name: 'leakyRelu', alpha: -0.5 }, { alpha: -0.5 }],
    [{ name: 'thresholdedRelu' }, { alpha: 1 }],
    [
      { name: 'scaledTanh', alpha: 2 },
      { alpha: 2, beta: 1 },
    ],
    [{ name: 'hardSigmoid', alpha: 0.25, beta: 0.375 }, {}],
    [{ name: 'elu' }, { alpha: 1 }],
  ])('%j is kept with all of them, and comes back from JSON', (activation, numbers) => {
    for (const kind of kinds) {
      const layer = make(kind, { activation });
      expect(layer.activation).toEqual({ ...activation, ...numbers });
      expect(Object.isFrozen(layer.activation)).toBe(true);
      expect(layerFromJSON(JSON.parse(JSON.stringify(layer)))).toEqual(layer);
    }
  });

  it.each([
    [{ name: 'softmax' }, 'invalid_option', /'activation.name' must be one of "affine"/],
    [{ alpha: 1 }, 'invalid_option', /'activation.name' must be one of/],
    [{ name: 'tanh' }, 'invalid_option', /'activation.name' must be one of/],
    [{ name: 'elu', beta: 1 }, 'unknown_option', /beta/],
    [{ name: 'elu', alpha: Number.NaN }, 'invalid_option', /'activation.alpha' must be/],
    [{ name: 'elu', alpha: null }, 'invalid_option', /'activation.alpha' must be/],
    [{ name: 'affine', alpha: 2e30 }, 'invalid_option', /'activation.alpha' must be/],
    [{ name: 'hardSigmoid', alpha: 0.2 }, 'invalid_option', /'activation.beta' must be/],
    [[], 'invalid_option', /'activation.name' must be/],
    [null, 'invalid_option', /'activation' must be/],
  ])('%j is refused', (activation, code, message) => {
    const place = expect.objectContaining({ code, message: expect.stringMatching(message) });
    for (const kind of kinds) expect(() => make(kind, { activation }), kind).toThrow(place);
  });
});

describe('an option of one cell', () => {
  const owners: Readonly<Record<string, readonly string[]>> = {
    activation: kinds,
    gateActivation: ['lstm', 'gru'],
    outputActivation: ['lstm'],
    projection: ['lstm'],
    peepholes: ['lstm'],
    coupledGates: ['lstm'],
    inputClip: kinds,
    cellClip: ['lstm'],
    forgetBias: ['lstm'],
    resetAfter: ['gru'],
  };
  it.each(Object.entries(owners))('%s belongs to %s alone', (name, cells) => {
    for (const kind of kinds) {
      const code = cells.includes(kind) ? 'invalid_option' : 'unknown_option';
      expect(() => make(kind, { [name]: 'bogus' }), kind).toThrow(expect.objectContaining({ code }));
    }
  });

  it('is refused when its value is none of the allowed ones', () => {
    const names = /"tanh", "relu", "sigmoid", "identity", "hardSigmoid", "hardSigmoid02", "softsign", "softplus"/;
    expect(() => make('rnn', { activation: 'softmax' })).toThrow(names);
    for (const name of ['gateActivation', 'activation']) {
      expect(() => make('lstm', { [name]: 'softmax' })).toThrow(names);
      expect(() => make('gru', { [name]: 'softmax' })).toThrow(names);
    }
    expect(() => make('lstm', { outputActivation: 0 })).toThrow(names);
    for (const value of [0, 1.5, Number.NaN]) expect(() => make('lstm', { projection: value })).toThrow(/projection/);
    for (const value of [0, -1, 1e-50, 2e30, Number.NaN]) {
      expect(() => make('lstm', { cellClip: value })).toThrow(/cellClip.*>= 1e-30 and <= 1e\+30/);
      expect(() => make('gru', { inputClip: value })).toThrow(/inputClip.*>= 1e-30 and <= 1e\+30/);
    }
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '1']) {
      expect(() => make('lstm', { forgetBias: value })).toThrow(/forgetBias/);
    }
    for (const name of ['peepholes', 'coupledGates']) expect(() => make('lstm', { [name]: 1 })).toThrow(name);
  });

  it('zoneout takes a number for each state in an LSTM, and one number elsewhere', () => {
    expect(lstm({ units: 4, zoneout: { cell: 0.5 } }).zoneout).toEqual({ cell: 0.5 });
    expect(() => make('lstm', { zoneout: { cell: 1 } })).toThrow(/'zoneout.cell' must be .*<= 0\.999999/);
    expect(lstm({ units: 4, zoneout: { hidden: undefined, cell: 0.1 } as never }).zoneout).toEqual({ cell: 0.1 });
    expect(() => make('lstm', { zoneout: { hidden: null } })).toThrow(/'zoneout.hidden' must be/);
    expect(() => make('lstm', { zoneout: { c: 0.1 } })).toThrow(expect.objectContaining({ code: 'unknown_option' }));
    expect(() => make('rnn', { zoneout: { hidden: 0.1 } })).toThrow(/'zoneout' must be a finite number/);
    expect(() => make('gru', { zoneout: { hidden: 0.1 } })).toThrow(/'zoneout' must be a finite number/);
  });

  it.each([
    ['lstm', { forgetBias: 1, coupledGates: true }, { name: 'forgetBias', value: 1, otherValue: true }],
    ['lstm', { forgetBias: 0, biases: 'none' }, { name: 'forgetBias', value: 0, otherValue: 'none' }],
    ['gru', { layerNormalization: true, resetAfter: false }, { name: 'layerNormalization', otherValue: false }],
    ['gru', { layerNormalization: {}, resetAfter: false }, { name: 'layerNormalization', otherValue: false }],
  ] as const)('of %s is refused beside one that excludes it: %j', (kind, options, details) => {
    const expected = { code: 'invalid_option', details: expect.objectContaining(details) };
    expect(() => make(kind, options)).toThrow(expect.objectContaining(expected));
  });
});
