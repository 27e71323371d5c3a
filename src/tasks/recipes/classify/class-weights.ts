/** What the classes count for in the loss: the option `classWeights` of tasks with classes. */

import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { OptionError } from '../../../core/errors.js';
import { listSome } from '../../../core/list-some.js';
import { describeValue } from '../../../core/options.js';
import { isWeight, WEIGHT_RANGE } from '../../../core/weight-range.js';
import { balancedClassWeights } from '../../../data/class-weights.js';
import { namesInList } from '../../../files/column-names.js';
import { parseDecimal } from '../../../files/decimal.js';
import { optional, textOption } from '../../definition/task-options.js';

const NAME = 'classWeights';
const BALANCED = 'balanced';

/** Classes that a note or an error shows. */
const SHOWN = 12;

/** The option: `balanced`, or weights by the names of classes: `a=2,"b, c=0.5"`. */
export function classWeightsOption() {
  const description =
    'what the classes count for in the loss: balanced, so that all count alike, or weights such as a=2,b=0.5, where others count 1';
  return optional(
    textOption({ description, placeholder: 'weights' }, (_name, text) => {
      if (text !== BALANCED) weightsIn(text);
      return text;
    }),
  );
}

/** The weights of a list by name. @throws {OptionError} `invalid_option` */
function weightsIn(list: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const item of namesInList(list)) {
    const at = item.lastIndexOf('=');
    const [name, weight] = [item.slice(0, Math.max(0, at)).trim(), parseDecimal(item.slice(at + 1))];
    if (at < 1 || weight === undefined) refuse(`${BALANCED}, or weights by class such as a=2,b=0.5`, item);
    if (!isWeight(weight)) refuse(`weights that are ${WEIGHT_RANGE}`, item);
    if (weights.has(name)) refuse('one weight for each class', `'${name}' twice`);
    weights.set(name, weight);
  }
  return weights;
}

function refuse(expected: string, found: string): never {
  const message = `option '${NAME}' must be ${expected}, got ${describeValue(found)}`;
  throw new OptionError('invalid_option', message, { name: NAME, value: found });
}

/**
 * The weights of all classes.
 *
 * @param option checked text of the option
 * @param targets of the training part: classes, or lists of them; -1 is left out
 * @throws {OptionError} `invalid_option` for a class that does not exist, and where no class counts
 */
export function classWeightsOf(
  option: string,
  classes: readonly string[],
  targets: readonly (number | ArrayLike<number>)[],
): readonly number[] {
  if (option === BALANCED) return balancedClassWeights(targets, classes.length);
  const given = weightsIn(option);
  for (const name of given.keys()) {
    if (classes.includes(name)) continue;
    const shown = listSome(classes, { most: SHOWN });
    const message = `option '${NAME}' has the class ${describeValue(name)}, which the data do not have; there are ${shown}`;
    throw new OptionError('invalid_option', message, { name: NAME, value: name, classes });
  }
  const weights = classes.map((name) => given.get(name) ?? 1);
  if (weights.every((weight) => weight === 0)) refuse('weights of which one is above 0', option);
  return weights;
}

/** A note of the weights. */
export function classWeightsNote(option: string, classes: readonly string[], weights: readonly number[]): string {
  const items = classes.map((name, at) => {
    const item = `${name}=${Number((weights[at] as number).toPrecision(4))}`;
    return item.includes(',') ? `"${item}"` : item;
  });
  const rule = option === BALANCED ? ' (balanced: targets / (classes * targets of the class))' : '';
  return `the classes count in the loss as ${listSome(items, { most: SHOWN })}${rule}`;
}

/** How much the targets of each class count in the loss; -1 is left out. */
export function classCounts(
  examples: readonly SequenceExample[],
  size: number,
  weights?: readonly number[],
): Float64Array {
  const counts = new Float64Array(size);
  for (const { target, weights: own } of examples) {
    const labels = typeof target === 'number' ? [target] : ((target ?? []) as ArrayLike<number>);
    for (let at = 0; at < labels.length; at++) {
      const label = labels[at] as number;
      const weight = (typeof own === 'object' ? (own[at] as number) : (own ?? 1)) * (weights?.[label] ?? 1);
      if (label >= 0) counts[label] = (counts[label] as number) + weight;
    }
  }
  return counts;
}
