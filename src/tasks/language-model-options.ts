import { OptionError } from '../core/errors.js';
import { isJsonObject } from '../core/json.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import { requireRate } from '../layers/noise.js';
import type { GruOptions, LstmOptions, RnnOptions } from '../layers/recurrent.js';
import { OPTIMIZERS, type OptimizerName } from '../optimizers/optimizer.js';
import { checkSchedule } from '../schedules/create-schedule.js';
import { formatSchedule, parseSchedule } from '../schedules/parse-schedule.js';
import type { ScheduleDescription } from '../schedules/schedule.js';

/** Options of the recurrent layers that the task decides itself, and what decides them. */
const DECIDED = {
  units: "option 'units' decides it",
  layers: "option 'layers' decides it",
  dropout: "option 'dropout' decides it",
  initializer: "option 'init' decides it",
  output: 'a language model has an output at every step',
} as const;

type Further<Options> = Omit<Options, keyof typeof DECIDED | 'direction' | 'merge'> & {
  /** A language model reads forward only. */
  readonly direction?: 'forward';
};

/** Options of `rnn`, `lstm` or `gru`, as they are, but for those that the task decides itself. */
export type LanguageModelRecurrentOptions = Further<RnnOptions> | Further<LstmOptions> | Further<GruOptions>;

/** What decides about the weights of a language model, besides its text. The command line has the same names. */
export interface LanguageModelSettings {
  /** Fraction of the text, taken from its end, that is held out to validate with, in [0, 1); default 0.05. Or a file. */
  readonly valid: number | string;
  /** What a symbol is; default `char`. */
  readonly level: 'char' | 'word';
  /** Default `lstm`. */
  readonly cell: 'rnn' | 'lstm' | 'gru';
  /** Size of the embedding, integer >= 1; default 128. */
  readonly embedding: number;
  /** Hidden units of each layer, integer >= 1; default 256. */
  readonly units: number;
  /** Recurrent layers, integer >= 1; default 2. */
  readonly layers: number;
  /** Probability in [0, 0.999999] of dropping an element between layers and before the output; default 0. */
  readonly dropout: number;
  /** Further options of the recurrent layers, such as `{ zoneout: 0.1, layerNormalization: true }`; default none. */
  readonly recurrent: LanguageModelRecurrentOptions;
  /** Streams side by side, integer >= 1; default 50. */
  readonly batch: number;
  /** Steps of truncated backpropagation through time, integer >= 1; default 50. */
  readonly steps: number;
  /** Passes over the text, integer >= 1; default 10. A resumed run may have more. */
  readonly epochs: number;
  /** Default `adam`. */
  readonly optimizer: OptimizerName;
  /** > 0; default 2e-3. */
  readonly learningRate: number;
  /** As the optimizer takes it, >= 0; default that of the optimizer: 0.01 for `adamW`, else 0. */
  readonly weightDecay?: number | undefined;
  /** A description, or its text form such as `cosine:minimum=1e-5`; default constant. */
  readonly schedule: ScheduleDescription | string;
  /** Initial values of the parameters, such as `uniform:0.1`; default `default`. */
  readonly init: string;
  /** Largest global norm of the gradient, 0 for no limit; default 5. */
  readonly clipNorm: number;
  /** Names everything random: integer >= 0; default 1. */
  readonly seed: number;
}

/** Where and how a language model is trained, which does not change the weights. */
export interface LanguageModelPlace {
  /** The text, a file in UTF-8. */
  readonly data: string;
  /** The run directory. */
  readonly out: string;
  /** Threads, integer >= 1; default all usable processors. */
  readonly threads?: number | undefined;
  /** Optimizer steps between two checkpoints, integer >= 1; default 200. */
  readonly checkpointEvery?: number | undefined;
  /** Goes on with the run in the directory: what is not given is taken from there. Default false. */
  readonly resume?: boolean | undefined;
}

/** Settings and place with the defaults filled in. */
export interface CheckedLanguageModelOptions extends LanguageModelSettings, LanguageModelPlace {
  readonly schedule: string;
  readonly checkpointEvery: number;
  readonly resume: boolean;
}

/** Values of the settings that nobody gave. */
export const LANGUAGE_MODEL_DEFAULTS: LanguageModelSettings & { readonly checkpointEvery: number } = Object.freeze({
  valid: 0.05,
  level: 'char',
  cell: 'lstm',
  embedding: 128,
  units: 256,
  layers: 2,
  dropout: 0,
  recurrent: Object.freeze({}),
  batch: 50,
  steps: 50,
  epochs: 10,
  optimizer: 'adam',
  learningRate: 2e-3,
  weightDecay: undefined,
  schedule: 'constant',
  init: 'default',
  clipNorm: 5,
  seed: 1,
  checkpointEvery: 200,
});

/** Names of all options, in the order in which the command line lists them. */
export const LANGUAGE_MODEL_OPTIONS = [
  'data',
  'out',
  ...(Object.keys(LANGUAGE_MODEL_DEFAULTS) as readonly (keyof LanguageModelSettings)[]),
  'threads',
  'checkpointEvery',
  'resume',
] as const;

/**
 * Checks the options and fills in what is not given.
 *
 * @param options undefined values count as not given
 * @param earlier settings of the run that is resumed; they take the place of the defaults
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function checkLanguageModelOptions(
  options: { readonly [Name in keyof (LanguageModelSettings & LanguageModelPlace)]?: unknown },
  earlier: { readonly [name: string]: unknown } = {},
): CheckedLanguageModelOptions {
  rejectUnknownKeys('a language model', options, LANGUAGE_MODEL_OPTIONS);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const all: Record<string, unknown> = { ...LANGUAGE_MODEL_DEFAULTS, ...earlier, ...Object.fromEntries(given) };
  const count = (name: string, min = 1) => requireNumber(name, all[name], { integer: true, min });
  return {
    data: requireText('data', all['data']),
    out: requireText('out', all['out']),
    valid: requireValidation(all['valid']),
    level: requireOneOf('level', all['level'], ['char', 'word']),
    cell: requireOneOf('cell', all['cell'], ['rnn', 'lstm', 'gru']),
    embedding: count('embedding'),
    units: count('units'),
    layers: count('layers'),
    dropout: requireRate('dropout', all['dropout']),
    recurrent: requireRecurrent(all['recurrent']),
    batch: count('batch'),
    steps: count('steps'),
    epochs: count('epochs'),
    optimizer: requireOptimizer(all['optimizer']),
    learningRate: requireNumber('learningRate', all['learningRate'], { exclusiveMin: 0 }),
    weightDecay:
      all['weightDecay'] === undefined ? undefined : requireNumber('weightDecay', all['weightDecay'], { min: 0 }),
    schedule: requireSchedule(all['schedule']),
    init: requireText('init', all['init']),
    clipNorm: requireNumber('clipNorm', all['clipNorm'], { min: 0 }),
    seed: count('seed', 0),
    threads: all['threads'] === undefined ? undefined : count('threads'),
    checkpointEvery: count('checkpointEvery'),
    resume: requireOneOf('resume', all['resume'] ?? false, [true, false]),
  };
}

function requireText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  const problem = value === undefined ? 'is missing' : `must be a text, got ${describeValue(value)}`;
  throw new OptionError('invalid_option', `option '${name}' ${problem}`, { name, value });
}

function requireValidation(value: unknown): number | string {
  if (typeof value === 'string' && value !== '') return value;
  return requireNumber('valid', value, { min: 0, exclusiveMax: 1 });
}

/** The options that are given, in an object of their own. Their values are checked by the layers. */
function requireRecurrent(value: unknown): LanguageModelRecurrentOptions {
  if (!isJsonObject(value)) {
    const message = `option 'recurrent' must be an object of options of the recurrent layers, got ${describeValue(value)}`;
    throw new OptionError('invalid_option', message, { name: 'recurrent', value });
  }
  const given = Object.entries(value).filter(([, option]) => option !== undefined);
  for (const [name, option] of given) {
    const reason = refusal(name, option);
    if (reason === undefined) continue;
    const message = `option 'recurrent' has '${name}' ${describeValue(option)}: ${reason}`;
    throw new OptionError('invalid_option', message, { name: `recurrent.${name}`, value: option });
  }
  return Object.fromEntries(given);
}

function refusal(name: string, option: unknown): string | undefined {
  if (name === 'direction' && option !== 'forward') return 'a language model reads forward only';
  return Object.hasOwn(DECIDED, name) ? DECIDED[name as keyof typeof DECIDED] : undefined;
}

function requireOptimizer(value: unknown): OptimizerName {
  const name = OPTIMIZERS.find((known) => known.toLowerCase() === String(value).toLowerCase());
  return requireOneOf('optimizer', name ?? value, OPTIMIZERS);
}

/** The text form, with everything in it that was left out. */
function requireSchedule(value: unknown): string {
  return formatSchedule(typeof value === 'string' ? parseSchedule(value) : checkSchedule(value));
}
