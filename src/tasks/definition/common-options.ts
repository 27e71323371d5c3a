/** The options that all tasks share. */
import { OptionError } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import { describeValue, requireOneOf } from '../../core/options.js';
import { OPTIMIZERS, type OptimizerName } from '../../network/optimizers/optimizer.js';
import { formatSchedule, parseSchedule } from '../../network/schedules/parse-schedule.js';
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

/** Options of the recurrent layers that `recurrent` must not have, and why. */
export type Decided = Readonly<Record<string, string>>;

/** Those that have an option of their own, or that the task decides. */
export const DECIDED: Decided = {
  units: "option 'units' decides it",
  layers: "option 'layers' decides it",
  dropout: "option 'dropout' decides it",
  direction: "option 'direction' decides it",
  initializer: "option 'init' decides it",
  output: 'the task decides it',
};

/** Defaults that every task chooses for itself: those with which it reaches its figure. */
export interface TrainingDefaults {
  readonly valid: number;
  readonly test: number;
  readonly cell: (typeof CELL_NAMES)[number];
  readonly units: number;
  readonly layers?: number;
  readonly dropout?: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly schedule?: string;
  readonly clipNorm?: number;
  readonly checkpointEvery?: number;
}

/** The same for tasks whose examples are sequences of their own. */
export interface CommonDefaults extends TrainingDefaults {
  readonly direction?: 'forward' | 'reverse' | 'bidirectional';
  readonly batch: number;
}

const SCHEDULES =
  'constant, step:every=2,factor=0.5,from=4, exponential:factor=0.97, cosine:minimum=1e-5, warmup:steps=200,then=cosine, plateau:factor=0.5,patience=2';
const INITIALIZERS =
  'default, pytorch, keras, xavier, xavier-normal, he, he-normal, orthogonal[:1], identity[:1], uniform:0.1, normal:0.02, with ,recurrent=SCHEME ,input=SCHEME ,bias=0 ,forget=1 ,embedding=0.1 behind';
const RECURRENT =
  'further options of the recurrent layers, such as \'{"zoneout": 0.1, "layerNormalization": true, "weightDropout": 0.5}\'';

const count = { integer: true, min: 1 } as const;
const rate = { min: 0, max: 0.999999 } as const;

/**
 * The table of options that all tasks share, with the defaults of one.
 *
 * @param held what `valid` and `test` mean in the task, for the help
 */
export function trainingOptions(
  defaults: TrainingDefaults,
  held = 'a fraction to hold back, or a file; 0 for none',
  decided: Decided = DECIDED,
) {
  const { layers = 1, dropout = 0, schedule = 'constant', clipNorm = 1, checkpointEvery = 1000 } = defaults;
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
    recurrent: jsonOption({ description: RECURRENT, default: {} }, (name, value) =>
      requireRecurrent(name, value, decided),
    ),
    epochs: numberOption(count, { description: 'passes over the training data', default: defaults.epochs }),
    optimizer: OPTIMIZER,
    learningRate: numberOption({ exclusiveMin: 0 }, { description: 'step size', default: defaults.learningRate }),
    weightDecay: optional(
      numberOption(
        { min: 0 },
        { description: 'decay of the weights, as the optimizer takes it (0.01 for adamw, else 0)' },
      ),
    ),
    schedule: textOption(
      { description: `how the learning rate changes, such as ${SCHEDULES}`, default: schedule, placeholder: 'spec' },
      (_name, text) => formatSchedule(parseSchedule(text)),
    ),
    init: textOption({
      description: `initial values, such as ${INITIALIZERS}`,
      default: 'default',
      placeholder: 'spec',
    }),
    clipNorm: numberOption(
      { min: 0 },
      { description: 'largest norm of the gradient, 0 for no limit', default: clipNorm },
    ),
    seed: numberOption({ integer: true, min: 0 }, { description: 'names everything random', default: 1 }),
    threads: optional(numberOption(count, { description: 'threads; without it BPTT_THREADS, else all processors' })),
    checkpointEvery: numberOption(count, { description: 'steps between checkpoints', default: checkpointEvery }),
    resume: flagOption('go on with the run; options that are not given are taken from it'),
  };
}

/** The table of `trainingOptions`. */
export type CommonTable = ReturnType<typeof trainingOptions>;

/**
 * The options of `trainingOptions`, and those of tasks whose examples are sequences of their own: in which direction they are read,
 * and how many make a batch.
 *
 * @param held what `valid` and `test` mean in the task, for the help
 */
export function commonOptions(defaults: CommonDefaults, held?: string) {
  return {
    ...trainingOptions(defaults, held),
    direction: choiceOption(['forward', 'reverse', 'bidirectional'], {
      description: 'which way the layers read',
      default: defaults.direction ?? 'forward',
    }),
    batch: optional(numberOption(count, { description: 'sequences of a batch', default: defaults.batch })),
    tokens: optional(numberOption(count, { description: 'instead of batch: the most steps of a batch' })),
  };
}

/** The table of `commonOptions`. */
export type SequenceTable = ReturnType<typeof commonOptions>;

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
function requireRecurrent(name: string, value: JsonObject, decided: Decided): JsonObject {
  const given = Object.entries(value).filter(([, option]) => option !== undefined);
  for (const [key, option] of given) {
    if (!Object.hasOwn(decided, key)) continue;
    const message = `option '${name}' has '${key}' ${describeValue(option)}: ${decided[key]}`;
    throw new OptionError('invalid_option', message, { name: `${name}.${key}`, value: option });
  }
  return Object.fromEntries(given);
}
