import { Command } from 'commander';
import {
  LANGUAGE_MODEL_DEFAULTS,
  LANGUAGE_MODEL_OPTIONS,
  type LanguageModelResult,
  type LanguageModelStart,
  type TrainLanguageModelOptions,
  trainLanguageModel,
} from '../tasks/language-model.js';
import type { Task } from '../tasks/task.js';
import { TASKS } from '../tasks/tasks.js';
import { formatCount, formatDuration, formatLoss } from '../training/progress-text.js';
import type { CommandContext } from './command-context.js';
import { readConfigurationFile } from './configuration-file.js';
import { parseFractionOrFile, parseJsonObject, parseNumber } from './parse-argument.js';
import { StopRequest } from './stop-request.js';
import { taskCommand } from './task-command.js';

const SCHEDULES =
  'constant, step:every=2,factor=0.5,from=4, exponential:factor=0.97, cosine:minimum=1e-5, warmup:steps=200,then=cosine, plateau:factor=0.5,patience=2';
const INITIALIZERS =
  'default, pytorch, keras, xavier, xavier-normal, he, he-normal, orthogonal[:1], identity[:1], uniform:0.1, normal:0.02, with ,recurrent=SCHEME ,input=SCHEME ,bias=0 ,forget=1 ,embedding=0.1 behind';
const RECURRENT =
  'further options of the recurrent layers, for example: \'{"zoneout": 0.1, "layerNormalization": true, "weightDropout": 0.5}\'';

/** `bptt train`: one command for each task. */
export function trainCommand(context: CommandContext): Command {
  const command = new Command('train').description('train a model').addCommand(languageModelCommand(context));
  for (const task of Object.values(TASKS)) command.addCommand(taskCommand(task as Task, context));
  return command;
}

function languageModelCommand(context: CommandContext): Command {
  const byDefault = (name: keyof typeof LANGUAGE_MODEL_DEFAULTS, text: string) =>
    `${text} (default: ${LANGUAGE_MODEL_DEFAULTS[name]})`;
  return new Command('lm')
    .description('train a language model on a text file')
    .option('--data <file>', 'the text, in UTF-8')
    .option('--out <run>', 'run directory for configuration, metrics and checkpoints')
    .option(
      '--valid <file|fraction>',
      byDefault('valid', 'text to validate with: a file, or a fraction from the end of the data, 0 for none'),
      parseFractionOrFile,
    )
    .option('--level <char|word>', byDefault('level', 'what a symbol is'))
    .option('--cell <rnn|lstm|gru>', byDefault('cell', 'kind of the recurrent layers'))
    .option('--embedding <n>', byDefault('embedding', 'size of the embedding'), parseNumber)
    .option('--units <n>', byDefault('units', 'hidden units of each layer'), parseNumber)
    .option('--layers <n>', byDefault('layers', 'recurrent layers'), parseNumber)
    .option('--dropout <p>', byDefault('dropout', 'probability of dropping an element between layers'), parseNumber)
    .option('--recurrent <json>', `${RECURRENT} (default: {})`, parseJsonObject)
    .option('--batch <n>', byDefault('batch', 'streams side by side'), parseNumber)
    .option('--steps <n>', byDefault('steps', 'steps of truncated backpropagation through time'), parseNumber)
    .option('--epochs <n>', byDefault('epochs', 'passes over the text'), parseNumber)
    .option('--optimizer <name>', byDefault('optimizer', 'sgd, momentum, adam, adamw or rmsprop'))
    .option('--learning-rate <x>', byDefault('learningRate', 'step size'), parseNumber)
    .option(
      '--weight-decay <x>',
      'decay of the weights, as the optimizer takes it (default: 0.01 for adamw, else 0)',
      parseNumber,
    )
    .option('--schedule <spec>', byDefault('schedule', `how the learning rate changes, for example: ${SCHEDULES}`))
    .option('--init <spec>', byDefault('init', `initial values: ${INITIALIZERS}`))
    .option('--clip-norm <x>', byDefault('clipNorm', 'largest norm of the gradient, 0 for no limit'), parseNumber)
    .option('--seed <n>', byDefault('seed', 'names everything random'), parseNumber)
    .option('--threads <n>', 'threads (default: BPTT_THREADS, else all processors)', parseNumber)
    .option('--checkpoint-every <steps>', byDefault('checkpointEvery', 'steps between checkpoints'), parseNumber)
    .option('--resume', 'go on with the run; options that are not given are taken from it')
    .option('--config <file>', 'options by name in a JSON file; the command line overrides it')
    .option('--json', 'the result as one JSON value on standard output')
    .action(async (flags: Record<string, unknown>) => {
      const { config, json, ...given } = flags;
      const file = config === undefined ? {} : await readConfigurationFile(String(config), LANGUAGE_MODEL_OPTIONS);
      await train(context, { ...file, ...given } as TrainLanguageModelOptions, json === true);
    });
}

async function train(context: CommandContext, options: TrainLanguageModelOptions, json: boolean): Promise<void> {
  let checkpoint: string | undefined;
  const remember = {
    onCheckpoint: ({ path }: { path: string }) => {
      checkpoint = path;
    },
  };
  const onStart = (start: LanguageModelStart) => context.note(describeStart(start));
  try {
    const result = await trainLanguageModel({ ...options, signal: context.signal, callbacks: [remember], onStart });
    await (json ? context.output.json(jsonOf(result)) : context.output.write(describeResult(result)));
  } catch (error) {
    if (error instanceof StopRequest) {
      const saved = checkpoint === undefined ? '' : `; checkpoint: ${checkpoint}; go on with --resume`;
      context.note(`bptt: ${error.message}${saved}`);
    }
    throw error;
  }
}

/** The fields of `--json`, in the order in which a person would read them. */
function jsonOf(result: LanguageModelResult): object {
  const { run, steps, epochs, parameters, trainingLoss, validation = null, best = null } = result;
  const { stoppedBy, tokens, tokensPerSecond, seconds, memory, checkpoint } = result;
  return {
    ...{ run, steps, epochs, stoppedBy, parameters, trainingLoss, validation, best },
    ...{ tokens, tokensPerSecond, seconds, memory, checkpoint },
  };
}

function describeStart({
  options,
  parameters,
  symbols,
  trainingTokens,
  validationTokens,
  threads,
}: LanguageModelStart): string {
  const { level, cell, layers, units, recurrent, embedding } = options;
  const variant = Object.keys(recurrent).length === 0 ? '' : ` with ${JSON.stringify(recurrent)}`;
  const kind = level === 'word' ? 'words' : 'characters';
  return [
    `${layers}x${units} ${cell}${variant}, embedding ${embedding}, ${formatCount(parameters)} parameters`,
    `${trainingTokens} + ${validationTokens} ${kind} of ${symbols} kinds`,
    `${threads} ${threads === 1 ? 'thread' : 'threads'}`,
  ].join('; ');
}

function describeResult(result: LanguageModelResult): string {
  const { run, steps, epochs, trainingLoss, validation, best, seconds, tokensPerSecond, checkpoint } = result;
  const loss = (value: number | undefined) => (value === undefined ? '-' : formatLoss(value));
  const lines = [
    ['run', run],
    ['steps', `${steps} (${epochs} ${epochs === 1 ? 'epoch' : 'epochs'})`],
    ['training loss', loss(trainingLoss)],
    ['validation loss', validation && `${loss(validation.loss)}, perplexity ${validation.perplexity?.toFixed(3)}`],
    ['best', best && `${loss(best.loss)} at step ${best.step}: ${best.checkpoint}`],
    ['time', `${formatDuration(seconds)}, ${formatCount(tokensPerSecond)} tokens/s`],
    ['checkpoint', checkpoint],
  ];
  return lines.flatMap(([name, value]) => (value === undefined ? [] : [`${name?.padEnd(16)} ${value}\n`])).join('');
}
