/** The options that all tasks share. */
import { OptionError } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import { describeValue, requireOneOf } from '../../core/options.js';
import { PRECISIONS } from '../../model/build/precision.js';
import { type AnyOptimizerMaker, optimizerDefinitions } from '../../network/optimizers/define-optimizer.js';
import { OPTIMIZERS, type OptimizerName } from '../../network/optimizers/optimizer.js';
import { type AnyScheduleMaker, scheduleDefinitions } from '../../network/schedules/definition.js';
import { formatSchedule, parseSchedule } from '../../network/schedules/parse-schedule.js';
import { comparingOptions } from './comparing-options.js';
import {
  choiceOption,
  flagOption,
  jsonOption,
  numberOption,
  numberOrTextOption,
  type OptionTable,
  optional,
  settled,
  type TaskOption,
  textOption,
} from './task-options.js';

/** Kinds of recurrent layers. */
export const CELL_NAMES = ['rnn', 'lstm', 'gru'] as const;

/** Options of the recurrent layers that `recurrent` must not contain, and why. */
export type Decided = Readonly<Record<string, string>>;

/** Layer options that are task options of their own, or that the task decides. */
export const DECIDED: Decided = {
  units: "option 'units' decides it",
  layers: "option 'layers' decides it",
  dropout: "option 'dropout' decides it",
  direction: "option 'direction' decides it",
  initializer: "option 'init' decides it",
  output: 'the task decides it',
};

/** Defaults of the options that every task has. */
export interface RunDefaults {
  /** Default 0.1. */
  readonly valid?: number;
  /** Default 0.1. */
  readonly test?: number;
  /** Default 10. */
  readonly epochs?: number;
  /** Default 2e-3. */
  readonly learningRate?: number;
  /** Default `constant`. */
  readonly schedule?: string;
  /** Default 1. */
  readonly clipNorm?: number;
  /** Default 1000. */
  readonly checkpointEvery?: number;
}

/** Defaults for tasks with a stack of recurrent layers. */
export interface TrainingDefaults extends RunDefaults {
  /** Default `gru`. */
  readonly cell?: (typeof CELL_NAMES)[number];
  /** Default 64. */
  readonly units?: number;
  /** Default 1. */
  readonly layers?: number;
  /** Default 0. */
  readonly dropout?: number;
}

/** Defaults for tasks whose examples are separate sequences. */
export interface CommonDefaults extends TrainingDefaults {
  /** Default `forward`. */
  readonly direction?: 'forward' | 'reverse' | 'bidirectional';
  /** Default 32. */
  readonly batch?: number;
}

const SCHEDULES =
  'constant, step:every=2,factor=0.5,from=4, exponential:factor=0.97, cosine:minimum=1e-5, onecycle:maximum=0.01, warmup:steps=200,then=cosine, plateau:factor=0.5,patience=2';
const INITIALIZERS =
  'default, pytorch, keras, xavier, xavier-normal, he, he-normal, orthogonal[:1], identity[:1], uniform:0.1, normal:0.02, each may be followed by ,recurrent=SCHEME ,input=SCHEME ,bias=0 ,forget=1 ,embedding=0.1';
const RECURRENT =
  'further options of the recurrent layers, such as \'{"zoneout": 0.1, "layerNormalization": true, "weightDropout": 0.5}\'';

const count = { integer: true, min: 1 } as const;
const rate = { min: 0, max: 0.999999 } as const;

/** The folder of a run, and the data that is held out. */
function placeOptions({ valid = 0.1, test = 0.1 }: RunDefaults, held: string) {
  return {
    data: optional(textOption({ description: 'the data to train on', placeholder: 'file' })),
    out: textOption({ description: 'run directory for configuration, metrics and checkpoints', placeholder: 'run' }),
    valid: numberOrTextOption({ min: 0 }, { description: `data that choose the best model: ${held}`, default: valid }),
    test: numberOrTextOption({ min: 0 }, { description: `data for the evaluation at the end: ${held}`, default: test }),
  };
}

/** The recurrent layers, as `recurrentBody` makes them. */
function bodyOptions({ cell = 'gru', units = 64, layers = 1, dropout = 0 }: TrainingDefaults, decided: Decided) {
  return {
    cell: choiceOption(CELL_NAMES, { description: 'kind of the recurrent layers', default: cell }),
    units: numberOption(count, { description: 'hidden units of each layer', default: units }),
    layers: numberOption(count, { description: 'recurrent layers', default: layers }),
    dropout: numberOption(rate, {
      description: 'probability of dropping an element between layers and before the output',
      default: dropout,
    }),
    recurrent: jsonOption({ description: RECURRENT, default: {} }, (name, value) =>
      requireRecurrent(name, value, decided),
    ),
  };
}

/** The initial weights and the optimizer. */
function learningOptions(defaults: RunDefaults) {
  const { epochs = 10, learningRate = 2e-3, schedule = 'constant', clipNorm = 1, checkpointEvery = 1000 } = defaults;
  return {
    epochs: numberOption(count, { description: 'passes over the training data', default: epochs }),
    minutes: optional(
      numberOption(
        { exclusiveMin: 0 },
        { description: 'about the longest time of a training: the epochs are lowered to what fits, at least one' },
      ),
    ),
    patience: optional(
      numberOption(
        { integer: true, min: 0 },
        { description: 'ends the run after this many validations in a row without a better score; 0: never' },
      ),
    ),
    optimizer: optimizerOption(),
    learningRate: numberOption({ exclusiveMin: 0 }, { description: 'step size', default: learningRate }),
    weightDecay: optional(
      numberOption({ min: 0 }, { description: 'weight decay of the optimizer (0.01 for adamw, else 0)' }),
    ),
    schedule: scheduleOption(schedule),
    init: textOption({
      description: `initial values, such as ${INITIALIZERS}`,
      default: 'default',
      placeholder: 'spec',
    }),
    clipNorm: numberOption(
      { min: 0 },
      { description: 'largest norm of the gradient, 0 for no limit', default: clipNorm },
    ),
    seed: numberOption({ integer: true, min: 0 }, { description: 'seed of all random numbers', default: 1 }),
    precision: choiceOption(PRECISIONS, {
      description: 'how products with weights are computed: bf16 rounds their factors to bfloat16 and sums in float32',
      default: 'float32',
    }),
    threads: optional(numberOption(count, { description: 'threads; without it BPTT_THREADS, else all processors' })),
    checkpointEvery: numberOption(count, { description: 'steps between checkpoints', default: checkpointEvery }),
    ...comparingOptions(),
    resume: flagOption('continue the run; options that are not given are taken from it'),
  };
}

const HELD = 'a fraction to hold back, or a file; 0 for none';

/**
 * The options that every task has: those that the runner itself reads. Use it for a task whose network is not a stack
 * of recurrent layers.
 *
 * @param defaults those of this task
 * @param held what `valid` and `test` mean in the task, for the help
 */
export function runOptions(defaults: RunDefaults = {}, held = HELD) {
  return asCommon({ ...placeOptions(defaults, held), ...learningOptions(defaults) });
}

/** The table of `runOptions`: what every task has. */
export type RunTable = ReturnType<typeof runOptions>;

/**
 * The options of `runOptions`, and those of a stack of recurrent layers, which `recurrentBody` reads.
 *
 * @param held what `valid` and `test` mean in the task, for the help
 * @param decided options of the recurrent layers that the task decides, with the reason
 */
export function trainingOptions(defaults: TrainingDefaults = {}, held = HELD, decided: Decided = DECIDED) {
  return asCommon({
    ...placeOptions(defaults, held),
    ...bodyOptions(defaults, decided),
    ...learningOptions(defaults),
  });
}

/** The table of `trainingOptions`. */
export type CommonTable = ReturnType<typeof trainingOptions>;

/**
 * The options of `trainingOptions`, and those of tasks whose examples are separate sequences: the direction of reading,
 * and the number of sequences in a batch. Most tasks have these options.
 *
 * @param held what `valid` and `test` mean in the task, for the help
 * @example
 * const pooling = choiceOption(['last', 'mean'], { description: 'how steps become a row', default: 'last' });
 * const options = { ...commonOptions({ units: 128, epochs: 20 }), pooling };
 */
export function commonOptions(defaults: CommonDefaults = {}, held = HELD) {
  return asCommon({
    ...trainingOptions(defaults, held),
    direction: choiceOption(['forward', 'reverse', 'bidirectional'], {
      description: 'direction in which the layers read',
      default: defaults.direction ?? 'forward',
    }),
    batch: optional(numberOption(count, { description: 'sequences of a batch', default: defaults.batch ?? 32 })),
    tokens: optional(numberOption(count, { description: 'in place of batch: largest number of steps in a batch' })),
  });
}

/**
 * The same options, of which the data decide some: `settle` of the task gives the values that nobody gave.
 *
 * @param names of these options
 * @example const options = settledOptions(commonOptions({ units: 128 }), ['epochs', 'patience']);
 */
export function settledOptions<T extends OptionTable>(table: T, names: readonly (keyof T & string)[]): T {
  return { ...table, ...asCommon(Object.fromEntries(names.map((name) => [name, settled(table[name] as TaskOption)]))) };
}

/** The table of `commonOptions`. */
export type SequenceTable = ReturnType<typeof commonOptions>;

/** The options that the functions of this file have made. */
const COMMON = new WeakSet<TaskOption>();

function asCommon<T extends OptionTable>(table: T): T {
  for (const option of Object.values(table)) COMMON.add(option);
  return table;
}

/** Whether an option comes from one of these tables. */
export function isCommonOption(option: TaskOption): boolean {
  return COMMON.has(option);
}

/** @param own names of optimizers of the task's own */
function optimizerOption(own: readonly string[] = []): TaskOption<OptimizerName> {
  const names = [...OPTIMIZERS, ...own] as readonly OptimizerName[];
  const shown = [...OPTIMIZERS.map((name) => name.toLowerCase()), ...own];
  return {
    kind: 'text',
    placeholder: 'name',
    description: `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`,
    default: 'adam',
    isOptional: false,
    check(name, value) {
      const known = names.find((choice) => choice.toLowerCase() === String(value).toLowerCase());
      return requireOneOf(name, known ?? value, names);
    },
  };
}

/** @param schedules of the task's own */
function scheduleOption(fallback: string, schedules: readonly AnyScheduleMaker[] = []): TaskOption<string> {
  const names = [SCHEDULES, ...scheduleDefinitions(schedules).keys()].join(', ');
  return textOption(
    { description: `how the learning rate changes, such as ${names}`, default: fallback, placeholder: 'spec' },
    (_name, text) => formatSchedule(parseSchedule(text, schedules)),
  );
}

/**
 * The options, in which `optimizer` and `schedule` may also name those of the task's own.
 *
 * @throws {OptionError} `invalid_option` for what is no definition
 */
export function withOwnNames<T extends RunTable>(
  options: T,
  {
    optimizers,
    schedules,
  }: { readonly optimizers?: readonly AnyOptimizerMaker[]; readonly schedules?: readonly AnyScheduleMaker[] },
): T {
  const { schedule } = options;
  return {
    ...options,
    ...asCommon({
      ...(optimizers && { optimizer: optimizerOption([...optimizerDefinitions(optimizers).keys()]) }),
      ...(schedules && { schedule: scheduleOption(schedule.default as string, schedules) }),
    }),
  };
}

/** The options that were given; the layers check their values. @throws {OptionError} `invalid_option` */
function requireRecurrent(name: string, value: JsonObject, decided: Decided): JsonObject {
  const given = Object.entries(value).filter(([, option]) => option !== undefined);
  for (const [key, option] of given) {
    if (!Object.hasOwn(decided, key)) continue;
    const message = `option '${name}' has '${key}' ${describeValue(option)}: ${decided[key]}`;
    throw new OptionError('invalid_option', message, { name: `${name}.${key}`, value: option });
  }
  return Object.fromEntries(given);
}
