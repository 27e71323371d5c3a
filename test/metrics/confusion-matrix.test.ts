import { describe, expect, it } from 'vitest';
import { ConfusionMatrix, largestClasses } from '../../src/metrics/confusion-matrix.js';
import { golden } from './load-golden.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('ConfusionMatrix', () => {
  it('agrees with scikit-learn in its counts, accuracy and macro F1', () => {
    for (const { classes, targets, predictions, matrix, accuracy, macroF1 } of golden.classifications) {
      const counted = new ConfusionMatrix(classes);
      counted.addAll(targets, predictions);
      expect(counted.rows()).toEqual(matrix);
      expect(counted.accuracy).toBeCloseTo(accuracy, 14);
      expect(counted.macroF1, `${classes} classes`).toBeCloseTo(macroF1, 14);
      expect(counted.total).toBe(targets.length);
    }
  });

  it('has the scores of one class, undefined where there is nothing to divide by', () => {
    const matrix = new ConfusionMatrix(3);
    matrix.addAll([0, 0, 0, 1], [0, 0, 1, 1]);
    expect(matrix.scores(0)).toEqual({ precision: 1, recall: 2 / 3, f1: 0.8 });
    expect(matrix.scores(1)).toEqual({ precision: 0.5, recall: 1, f1: 2 / 3 });
    expect(matrix.scores(2)).toEqual({ precision: undefined, recall: undefined, f1: undefined });
    expect(matrix.macroF1).toBeCloseTo((0.8 + 2 / 3) / 2, 15);
  });

  it('is a table with the names of the classes', () => {
    const matrix = new ConfusionMatrix(['no', 'perhaps', 'yes']);
    matrix.addAll(Int32Array.of(0, 0, 1, 2, 2), [0, 2, 1, 2, 0]);
    for (let more = 0; more < 100; more++) matrix.add(2, 2);
    expect(`${matrix}`.split('\n')).toEqual([
      'target \\ predicted  no  perhaps  yes',
      'no                   1        0    1',
      'perhaps              0        1    0',
      'yes                  1        0  101',
    ]);
  });

  it('leaves out targets of -1', () => {
    const matrix = new ConfusionMatrix(2);
    matrix.addAll([0, -1, 1], [0, 1, 1]);
    expect([matrix.total, matrix.accuracy]).toEqual([2, 1]);
  });

  it('has no scores before any example', () => {
    const matrix = new ConfusionMatrix(2);
    expect([matrix.accuracy, matrix.macroF1, matrix.total]).toEqual([undefined, undefined, 0]);
  });

  it('refuses classes out of range and lists of two lengths, and counts nothing then', () => {
    const matrix = new ConfusionMatrix(2);
    expect(() => matrix.addAll([0, 1], [0, 2])).toThrow('predictions[1] is class 2, but there are 2 classes');
    expect(() => matrix.addAll([0, Number.NaN], [0, 1])).toThrow('targets[1] is class NaN');
    expect(() => matrix.addAll([0, 1], [0])).toThrow('there are 2 targets, but 1 predictions');
    for (const wrong of [-1, 0.5, 2, '1', undefined]) {
      expect(() => matrix.add(0, wrong as number)).toThrow(code('index_out_of_range'));
      expect(() => matrix.add(wrong as number, 0)).toThrow(code('index_out_of_range'));
    }
    expect(matrix.total).toBe(0);
    for (const classes of [0, 1.5, 20_000, [], 'ab']) {
      expect(() => new ConfusionMatrix(classes as number)).toThrow(code('invalid_option'));
    }
    expect(() => new ConfusionMatrix(['a', 1 as never])).toThrow(code('invalid_option'));
  });
});

describe('largestClasses', () => {
  it('takes the largest of every row, the first of equal ones', () => {
    expect([...largestClasses(Float32Array.of(1, 3, 2, -1, -2, -1), 3)]).toEqual([1, 0]);
  });

  it('refuses rows that do not fit, and NaN', () => {
    expect(() => largestClasses([1, 2, 3], 2)).toThrow('3 scores are not a whole number of rows of 2 classes');
    expect(() => largestClasses([0, 1, 2, Number.NaN], 2)).toThrow('the score of class 1 in row 1 is NaN');
  });
});
