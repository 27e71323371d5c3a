import { describe, expect, it } from 'vitest';
import { balancedClassWeights } from '../../src/entries/data.js';

const code = (name: string, message: RegExp) =>
  expect.objectContaining({ code: name, message: expect.stringMatching(message) });

describe('balanced weights of classes', () => {
  it('are those of scikit-learn: compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 0, 1, 2, 2])', () => {
    expect(balancedClassWeights([0, 0, 0, 1, 2, 2], 3)).toEqual([6 / 9, 2, 1]);
    expect(balancedClassWeights(Int32Array.of(0, 0, 0, 1), 2)).toEqual([4 / 6, 2]);
  });

  it('count steps, leave -1 out, and give a class that does not occur the weight 1', () => {
    expect(balancedClassWeights([[0, 0, -1], Int32Array.of(0, 2), -1], 3)).toEqual([4 / 6, 1, 2]);
  });

  it.each<[string, unknown, unknown, string, RegExp]>([
    ['a class that is none', [0, [1, 2]], 2, 'index_out_of_range', /target of example 1 is 2, .* 0 to 1, or -1/],
    ['a fraction', [0.5], 2, 'index_out_of_range', /example 0 is 0\.5/],
    ['a text', ['a'], 2, 'invalid_option', /target of example 0 must be a class id.*"a"/],
    ['no list', 3, 2, 'invalid_option', /targets must be a list/],
    ['no classes', [0], 0, 'invalid_option', /'classes' must be/],
    ['targets that are all left out', [-1, [-1]], 2, 'empty_data', /no target/],
  ])('refuse %s', (_name, targets, classes, name, message) => {
    expect(() => balancedClassWeights(targets as number[], classes as number)).toThrow(code(name, message));
  });
});
