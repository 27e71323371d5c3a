import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../src/core/errors.js';
import { activation, dense, dropout } from '../../../src/network/layers/dense.js';
import { embedding } from '../../../src/network/layers/embedding.js';
import { layerNormalization } from '../../../src/network/layers/layer-normalization.js';
import {
  type AnyLayer,
  add,
  average,
  concatenate,
  layerFromJSON,
  layerRule,
  multiply,
  sum,
} from '../../../src/network/layers/layers.js';
import { penalty } from '../../../src/network/layers/penalty.js';
import { pool } from '../../../src/network/layers/pool.js';
import { gru, lstm, rnn } from '../../../src/network/layers/recurrent.js';

const everyLayer: readonly AnyLayer[] = [
  embedding({ size: 7, units: 3, initializer: 'normal:0.1' }),
  rnn({ units: 4, activation: 'relu' }),
  lstm({ units: 4, layers: 2, dropout: 0.25 }),
  gru({ units: 4, resetAfter: false, initializer: 'keras' }),
  dense({ units: 5, bias: false }),
  dropout({ rate: 0.5 }),
  dropout({ rate: 0.5, perSequence: true }),
  activation('softmax'),
  layerNormalization({ epsilon: 1e-3 }),
  pool({ over: 'max' }),
  pool({ over: 'attention' }),
  pool({ over: 'attention', units: 3, initializer: 'xavier' }),
  penalty({ activation: 2, temporal: 1 }),
  concatenate(),
  sum(),
  add(),
  multiply(),
  average(),
];

describe('a layer description', () => {
  it.each(everyLayer.map((layer) => [layer.kind, layer] as const))('of %s is frozen and survives JSON', (_, layer) => {
    expect(Object.isFrozen(layer)).toBe(true);
    const restored = layerFromJSON(JSON.parse(JSON.stringify(layer)));
    expect(restored).toEqual(layer);
    expect(Object.isFrozen(restored)).toBe(true);
    expect(typeof layerRule(restored).build).toBe('function');
  });

  it('does not follow later changes of the options that it was made of', () => {
    const options = { units: 4 };
    const layer = lstm(options);
    options.units = 5;
    expect(layer.units).toBe(4);
  });
});

describe('an option of a layer', () => {
  const units = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '4', undefined, null];
  it.each(units)('is refused when the units are %s', (value) => {
    for (const make of [rnn, lstm, gru, dense]) {
      expect(() => make({ units: value as number })).toThrow(OptionError);
    }
    expect(() => embedding({ size: 4, units: value as number })).toThrow(OptionError);
    expect(() => embedding({ size: value as number, units: 4 })).toThrow(OptionError);
  });

  it.each([-0.1, 0.9999995, 1, Number.NaN, '0.5'])('is refused when the dropout rate is %s', (rate) => {
    expect(() => dropout({ rate: rate as number })).toThrow(/rate.*>= 0 and <= 0\.999999/);
    expect(() => lstm({ units: 4, dropout: rate as number })).toThrow(/dropout.*>= 0 and <= 0\.999999/);
  });

  it('is refused when it is of another type or choice', () => {
    expect(() => lstm({ units: 4, layers: 0 })).toThrow(/layers/);
    expect(() => rnn({ units: 4, activation: 'softmax' as never })).toThrow(/activation.*"tanh", "relu"/);
    expect(() => activation('gelu' as never)).toThrow(/"tanh", "sigmoid", "relu", "softmax"/);
    expect(() => dense({ units: 4, bias: 'no' as never })).toThrow(/bias/);
    expect(() => gru({ units: 4, resetAfter: 1 as never })).toThrow(/resetAfter/);
    expect(() => lstm({ units: 4, initializer: 'bogus' })).toThrow(/bogus/);
    expect(() => dropout({ rate: 0.5, perSequence: 1 as never })).toThrow(/perSequence/);
    for (const epsilon of [0, -1, 1e-45, 9e-31, 2, Number.NaN]) {
      expect(() => layerNormalization({ epsilon })).toThrow(/epsilon.*>= 1e-30 and <= 1/);
    }
    expect(() => pool({ over: 'first' as never })).toThrow(/over.*"last", "max", "mean", "attention"/);
    expect(() => pool({} as never)).toThrow(/over/);
    for (const units of [0, 1.5, '4' as never]) {
      expect(() => pool({ over: 'attention', units })).toThrow(/units.*>= 1/);
    }
    expect(() => pool({ over: 'attention', initializer: 'bogus' })).toThrow(/bogus/);
    expect(() => pool({ over: 'mean', units: 4 })).toThrow(/units.*for pooling over 'attention'.*'mean'.*got 4/);
    expect(() => pool({ over: 'last', initializer: 'xavier' })).toThrow(/initializer.*for pooling over 'attention'/);
    for (const weight of [-1, Number.NaN, '1' as never]) {
      expect(() => penalty({ activation: weight })).toThrow(/activation.*>= 0/);
      expect(() => penalty({ temporal: weight })).toThrow(/temporal.*>= 0/);
    }
    expect(() => dense({ units: 4, initializer: 7 as never })).toThrow(/initializer is 7/);
    expect(() => embedding({ size: 4, units: 4, initializer: '' })).toThrow(/initializer/);
  });

  it('is refused when nobody reads it, for example because it is misspelt', () => {
    const unknown = expect.objectContaining({ code: 'unknown_option' });
    expect(() => lstm({ units: 4, droput: 0.5 } as never)).toThrow(unknown);
    expect(() => rnn({ units: 4, resetAfter: true } as never)).toThrow(unknown);
    expect(() => gru({ units: 4, outputActivation: 'tanh' } as never)).toThrow(unknown);
    expect(() => dense({ units: 4, activation: 'tanh' } as never)).toThrow(unknown);
    expect(() => embedding({ size: 4, units: 4, bias: true } as never)).toThrow(unknown);
    expect(() => dropout({ rate: 0.5, seed: 1 } as never)).toThrow(unknown);
    expect(() => layerNormalization({ eps: 1e-5 } as never)).toThrow(unknown);
    expect(() => pool({ over: 'max', axis: 0 } as never)).toThrow(unknown);
    expect(() => penalty({ weight: 1 } as never)).toThrow(unknown);
  });
});

describe('a layer from JSON', () => {
  it('is refused when its kind is unknown, and the message lists the kinds', () => {
    expect(() => layerFromJSON({ kind: 'transformer' })).toThrow(/'transformer' is unknown.*lstm, gru/);
    expect(() => layerFromJSON({ kind: 'constructor' })).toThrow(OptionError);
    expect(() => layerFromJSON({} as never)).toThrow(OptionError);
  });

  it('is refused when it has an option too many, of whatever kind', () => {
    for (const layer of everyLayer) {
      const json = { ...layer, extra: 1 };
      expect(() => layerFromJSON(json), layer.kind).toThrow(expect.objectContaining({ code: 'unknown_option' }));
    }
  });
});
