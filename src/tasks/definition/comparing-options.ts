/** Options of what a training is compared with: naive rules, other structures, and itself on other parts of the data. */
import { OptionError } from '../../core/errors.js';
import { numberOption, type TaskOption } from './task-options.js';

/** None of them changes how a given structure is trained. */
export function comparingOptions() {
  return {
    naive: numberOption(
      { min: 0 },
      { description: 'seconds for each naive rule that the result is compared with; 0: no rules', default: 20 },
    ),
    auto: numberOption(
      { min: 0 },
      {
        description:
          'seconds for comparing some structures of the network, on the validation part or on folds, before the training; 0: none',
        ...{ default: 0, before: 0 },
      },
    ),
    folds: foldsOption(),
  };
}

function foldsOption(): TaskOption<number> {
  const option = numberOption(
    { integer: true, min: 0 },
    {
      description:
        'after the training, divides the training examples into n folds, each judged by a model that has learnt from the others; 0: none',
      ...{ default: 0, before: 0 },
    },
  );
  return {
    ...option,
    check(name, value) {
      const folds = option.check(name, value);
      if (folds !== 1) return folds;
      throw new OptionError('invalid_option', `option '${name}' must be 0 or at least 2, got 1`, { name, value });
    },
  };
}
