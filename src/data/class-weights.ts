/** Weights of classes by how often they occur. */
import { requireList } from '../core/arguments.js';
import { DataError, OptionError, RangeIndexError } from '../core/errors.js';
import { describeValue, requireNumber } from '../core/options.js';

/**
 * The weights of classes that make all of them count alike in a loss: n / (k * count) for each class, with n targets, k
 * classes that occur, and count targets of the class. scikit-learn calls these weights `balanced`. A class that does
 * not occur has the weight 1.
 *
 * @param targets the class of each example, or the classes of the steps of each; -1 is left out
 * @param classes number of classes, integer >= 1
 * @returns [classes] for the option `classWeights` of `softmaxCrossEntropy`
 * @throws {OptionError} `invalid_option`
 * @throws {RangeIndexError} `index_out_of_range` for a target that is no class
 * @throws {DataError} `empty_data` when every target is left out
 * @example
 * const classWeights = balancedClassWeights([0, 0, 0, 1], 2); // [2 / 3, 2]
 * const loss = { kind: 'softmaxCrossEntropy', classWeights };
 */
export function balancedClassWeights(
  targets: readonly (number | ArrayLike<number>)[] | Int32Array,
  classes: number,
): number[] {
  requireNumber('classes', classes, { integer: true, min: 1 });
  const counts = new Array<number>(classes).fill(0);
  const count = (target: number, index: number) => {
    if (target === -1) return;
    if (!Number.isInteger(target) || target < 0 || target >= classes) refuse(target, index, classes);
    counts[target] = (counts[target] as number) + 1;
  };
  for (const [index, target] of requireList('targets', targets).entries()) {
    if (typeof target === 'number') count(target, index);
    else for (const each of Array.from(requireTargets(target, index))) count(each, index);
  }
  const total = counts.reduce((sum, each) => sum + each, 0);
  if (total === 0) throw new DataError('empty_data', 'there is no target: all are left out');
  const present = counts.filter((each) => each > 0).length;
  return counts.map((each) => (each === 0 ? 1 : total / (present * each)));
}

function requireTargets(target: unknown, index: number): ArrayLike<number> {
  if (Array.isArray(target) || (ArrayBuffer.isView(target) && 'length' in target)) return target as ArrayLike<number>;
  const message = `the target of example ${index} must be a class id, or a list of them, got ${describeValue(target)}`;
  throw new OptionError('invalid_option', message, { name: 'targets', index, value: target });
}

function refuse(target: number, index: number, classes: number): never {
  const message = `the target of example ${index} is ${describeValue(target)}, expected a class from 0 to ${classes - 1}, or -1`;
  throw new RangeIndexError('index_out_of_range', message, { index, value: target, classes });
}
