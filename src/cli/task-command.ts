import { Command, Option } from 'commander';
import { kebabCase } from '../core/kebab-case.js';
import type { SequenceTable } from '../tasks/definition/common-options.js';
import type { AnyTask } from '../tasks/definition/task.js';
import type { Checked, TaskOption } from '../tasks/definition/task-options.js';
import { describeChoice, describeStructure, type StructureResult } from '../tasks/runner/compare-structures.js';
import { runTraining, type TaskResult, type TaskStart } from '../tasks/runner/train-task.js';
import { formatCount, formatDuration, formatLoss } from '../training/progress-text.js';
import type { CommandContext } from './command-context.js';
import { readConfigurationFile } from './configuration-file.js';
import { describeLoss } from './describe-loss.js';
import { parseFractionOrFile, parseJsonObject, parseNumber } from './parse-argument.js';
import { StopRequest } from './stop-request.js';

/** How the text of an option becomes its value. */
const PARSERS = {
  number: parseNumber,
  numberOrText: parseFractionOrFile,
  json: parseJsonObject,
  text: (text: string) => text,
  flag: undefined,
} as const;

/**
 * `bptt train TASK`: a command whose options come from the task's table.
 *
 * @param module path of the file that the task was read from, as it was given; missing for a built-in task
 */
export function taskCommand(task: AnyTask, context: CommandContext, module?: string): Command {
  const command = new Command(module ?? task.name).description(task.summary);
  for (const [name, option] of Object.entries(task.options)) {
    command.addOption(optionOf(name, option));
    if (option.kind === 'flag' && option.settles)
      command.addOption(new Option(`--no-${kebabCase(name)}`, `not --${kebabCase(name)}`));
  }
  return command
    .option('--config <file>', 'a JSON file of options by name; options on the command line take precedence')
    .option('--json', 'the result as one JSON value on standard output')
    .action(async ({ config, json, ...given }: Record<string, unknown>) => {
      const names = Object.keys(task.options);
      const file = config === undefined ? {} : await readConfigurationFile(String(config), names);
      const options = { ...file, ...given };
      await train(context, { task, options, module, json: json === true });
    });
}

function optionOf(name: string, { kind, placeholder, description, default: byDefault }: TaskOption): Option {
  const parse = PARSERS[kind];
  if (parse === undefined) return new Option(`--${kebabCase(name)}`, description);
  const value = typeof byDefault === 'object' ? JSON.stringify(byDefault) : byDefault;
  const text = value === undefined ? description : `${description} (default: ${value})`;
  return new Option(`--${kebabCase(name)} <${placeholder}>`, text).argParser<unknown>(parse);
}

/** Trains a task and writes the result. */
interface TrainRequest {
  readonly task: AnyTask;
  readonly options: Readonly<Record<string, unknown>>;
  readonly module: string | undefined;
  readonly json: boolean;
}

async function train(context: CommandContext, { task, options, module, json }: TrainRequest): Promise<void> {
  let checkpoint: string | undefined;
  const remember = {
    onCheckpoint: ({ path }: { path: string }) => {
      checkpoint = path;
    },
  };
  const onStart = (start: TaskStart) => {
    for (const note of start.notes) context.note(`note: ${note}`);
    if (start.structures !== undefined) context.note(describeChoice(start.structures));
    context.note(describeStart(start));
    for (const { name, value, reason } of start.settled) context.note(`  --${kebabCase(name)} ${value}  (${reason})`);
  };
  const onStructure = (result: StructureResult) => context.note(describeStructure(result));
  try {
    const watch = { signal: context.signal, progress: context.progress, callbacks: [remember], onStart, onStructure };
    const result = await runTraining(task, { ...options, ...watch }, module);
    await (json ? context.output.json(jsonOf(result)) : context.output.write(describeResult(result)));
  } catch (error) {
    if (error instanceof StopRequest) {
      const saved = checkpoint === undefined ? '' : `; checkpoint: ${checkpoint}; continue with --resume`;
      context.note(`bptt: ${error.message}${saved}`);
    }
    throw error;
  }
}

/** The fields of `--json`, in the order in which a person would read them. */
function jsonOf(result: TaskResult): object {
  const { folds, structures } = result;
  const { task, run, loss, metrics, answeredBy, naive, steps, epochs, stoppedBy, parameters, examples } = result;
  const { trainingLoss, validation = null, best = null, tokens, tokensPerSecond, seconds, memory, checkpoint } = result;
  return {
    ...{
      task,
      run,
      loss,
      answeredBy,
      metrics,
      ...(naive && { naive }),
      ...(folds && { folds }),
      ...(structures && { structures }),
      steps,
      epochs,
      stoppedBy,
      parameters,
      examples,
    },
    ...{ trainingLoss, validation, best, tokens, tokensPerSecond, seconds, memory, checkpoint },
  };
}

function describeStart({ task, options, parameters, examples, of, threads }: TaskStart): string {
  const { cell, layers, units, direction = 'forward', recurrent } = options as Partial<Checked<SequenceTable>>;
  const variant = Object.keys(recurrent ?? {}).length === 0 ? '' : ` with ${JSON.stringify(recurrent)}`;
  const way = direction === 'forward' ? '' : ` ${direction}`;
  const { training, validation, test } = examples;
  const body = cell === undefined ? '' : `${layers}x${units} ${cell}${way}${variant}, `;
  return [
    `${task}: ${body}${formatCount(parameters)} parameters`,
    `${training} + ${validation} + ${test} ${of}`,
    `${threads} ${threads === 1 ? 'thread' : 'threads'}`,
  ].join('; ');
}

function describeResult({
  run,
  loss,
  steps,
  epochs,
  trainingLoss,
  best,
  seconds,
  tokensPerSecond,
  summary,
}: TaskResult): string {
  const lines = [
    ['run', run],
    ['loss', describeLoss(loss)],
    ['steps', `${steps} (${epochs} ${epochs === 1 ? 'epoch' : 'epochs'})`],
    ['training loss', trainingLoss === undefined ? '-' : formatLoss(trainingLoss)],
    ['best', best && `after step ${best.step}: ${best.checkpoint}`],
    ['time', `${formatDuration(seconds)}, ${formatCount(tokensPerSecond)} tokens/s`],
  ];
  const facts = lines.flatMap(([name, value]) => (value === undefined ? [] : [`${name?.padEnd(16)} ${value}\n`]));
  return `${facts.join('')}${summary}\n`;
}
