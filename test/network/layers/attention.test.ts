import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../src/core/errors.js';
import { attention } from '../../../src/network/layers/attention.js';
import { layerFromJSON } from '../../../src/network/layers/layers.js';

describe('the description of attention', () => {
  it.each([
    attention({ score: 'dot', scale: 0.5 }),
    attention({ score: 'general', initializer: 'xavier' }),
    attention({ score: 'additive', units: 3 }),
  ])('is frozen and survives JSON: %j', (layer) => {
    expect(Object.isFrozen(layer)).toBe(true);
    const restored = layerFromJSON(JSON.parse(JSON.stringify(layer)));
    expect(restored).toEqual(layer);
    expect(Object.isFrozen(restored)).toBe(true);
  });

  it.each([
    [{}, /score.*"dot", "general", "additive"/],
    [{ score: 'cosine' }, /score/],
    [{ score: 'additive' }, /units/],
    [{ score: 'additive', units: 0 }, /units/],
    [{ score: 'additive', units: 3, scale: 2 }, /'scale' is for scores that are products, got 2/],
    [{ score: 'dot', units: 3 }, /'units' is for additive scores, got 3/],
    [{ score: 'dot', scale: Number.NaN }, /scale/],
    [{ score: 'dot', initializer: 'xavier' }, /'initializer' is for scores with weights/],
    [{ score: 'general', initializer: 'bogus' }, /bogus/],
    [{ score: 'dot', heads: 2 }, /no option 'heads'/],
  ])('is refused: %j', (options, message) => {
    expect(() => attention(options as never)).toThrow(OptionError);
    expect(() => attention(options as never)).toThrow(message);
  });
});
