/** The options that all tasks share. */
import { OptionError } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { describeValue, requireOneOf } from '../core/options.js';
import { OPTIMIZERS, type OptimizerName } from '../optimizers/optimizer.js';
import { formatSchedule, parseSchedule } from '../schedules/parse-schedule.js';
import {
  choiceOption,
  flagOption,
  jsonOption,
  numberOption,
  numberOrTextOption,
  optional,
  type TaskOption,
  textOption,
} from './task-options.js';

/** Kinds of recurrent layers. */
export const CELL_NAMES = ['rnn', 'lstm', 'gru'] as const;

/** Options of the recurrent layers that have an option of their own, or that the task decides. */
const DECIDED: Readonly<Record<string, string>> = {
  units: "option 'units' decides it",
  layers: "option 'layers' decides it",
  dropout: "option 'dropout' decides it",
  direction: "option 'direction' decides it",
  initializer: "option 'init' decides it",
  output: 'the task decides it',
};

/** Defaults that every task chooses for itself: those with which it reaches its figure. */
export interface CommonDefaults {
  readonly valid: number;
  readonly test: number;
  readonly cell: (typeof CELL_NAMES)[number];
  readonly units: number;
  readonly layers?: number;
  readonly dropout?: number;
  readonly direction?: 'forward' | 'reverse' | 'bidirectional';
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly schedule?: string;
  readonly clipNorm?: number;
}

const count = { integer: true, min: 1 } as const;
const rate = { min: 0, max: 0.999999 } as const;

/**
 * The table of options that all tasks share, with the defaults of one.
 *
 * @param held what `valid` and `test` mean in the task, for the help
 */
export function commonOptions(defaults: CommonDefaults, held = 'a fraction to hold back, or a file; 0 for none') {
  const { layers = 1, dropout = 0, direction = 'forward', schedule = 'constant', clipNorm = 1 } = defaults;
  return {
    data: optional(textOption({ description: 'what to learn from', placeholder: 'file' })),
    out: textOption({ description: 'run directory for configuration, metrics and checkpoints', placeholder: 'run' }),
    valid: numberOrTextOption(
      { min: 0 },
      { description: `to choose the best model by: ${held}`, default: defaults.valid },
    ),
    test: numberOrTextOption({ min: 0 }, { description: `to judge it by in the end: ${held}`, default: defaults.test }),
    cell: choiceOption(CELL_NAMES, { description: 'kind of the recurrent layers', default: defaults.cell }),
    units: numberOption(count, { description: 'hidden units of each layer', default: defaults.units }),
    layers: numberOption(count, { description: 'recurrent layers', default: layers }),
    dropout: numberOption(rate, {
      description: 'probability of dropping an element between layers and before the output',
      default: dropout,
    }),
    direction: choiceOption(['forward', 'reverse', 'bidirectional'], {
      description: 'which way the layers read',
      default: direction,
    }),
    recurrent: jsonOption({ description: 'further options of the recurrent layers', default: {} }, requireRecurrent),
    epochs: numberOption(count, { description: 'passes over the training data', default: defaults.epochs }),
    batch: optional(numberOption(count, { description: 'sequences of a batch', default: defaults.batch })),
    tokens: optional(numberOption(count, { description: 'instead of batch: the most steps of a batch' })),
    optimizer: OPTIMIZER,
    learningRate: numberOption({ exclusiveMin: 0 }, { description: 'step size', default: defaults.learningRate }),
    weightDecay: optional(numberOption({ min: 0 }, { description: 'decay of the weights, as the optimizer takes it' })),
    schedule: textOption(
      { description: 'how the learning rate changes', default: schedule, placeholder: 'spec' },
      (_name, text) => formatSchedule(parseSchedule(text)),
    ),
    init: textOption({ description: 'initial values', default: 'default', placeholder: 'spec' }),
    clipNorm: numberOption(
      { min: 0 },
      { description: 'largest norm of the gradient, 0 for no limit', default: clipNorm },
    ),
    seed: numberOption({ integer: true, min: 0 }, { description: 'names everything random', default: 1 }),
    threads: optional(numberOption(count, { description: 'threads; without it BPTT_THREADS, else all processors' })),
    checkpointEvery: numberOption(count, { description: 'steps between checkpoints', default: 1000 }),
    resume: flagOption('go on with the run; options that are not given are taken from it'),
  };
}

/** The table of `commonOptions`. */
export type CommonTable = ReturnType<typeof commonOptions>;

const OPTIMIZER: TaskOption<OptimizerName> = {
  kind: 'text',
  placeholder: 'name',
  description: 'sgd, momentum, adam, adamw or rmsprop',
  default: 'adam',
  isOptional: false,
  check(name, value) {
    const known = OPTIMIZERS.find((choice) => choice.toLowerCase() === String(value).toLowerCase());
    return requireOneOf(name, known ?? value, OPTIMIZERS);
  },
};

/** The options that are given; their values are checked by the layers. @throws {OptionError} `invalid_option` */
function requireRecurrent(name: string, value: JsonObject): JsonObject {
  const given = Object.entries(value).filter(([, option]) => option !== undefined);
  for (const [key, option] of given) {
    if (!Object.hasOwn(DECIDED, key)) continue;
    const message = `option '${name}' has '${key}' ${describeValue(option)}: ${DECIDED[key]}`;
    throw new OptionError('invalid_option', message, { name: `${name}.${key}`, value: option });
  }
  return Object.fromEntries(given);
}
