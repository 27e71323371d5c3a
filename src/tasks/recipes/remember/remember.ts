/** Measures how far back a network can remember: the adding problem and the copy memory problem. */

import { OptionError } from '../../../core/errors.js';
import type { JsonObject } from '../../../core/json.js';
import { describeValue } from '../../../core/options.js';
import { JsonRow, readJsonLines } from '../../../files/json-lines.js';
import { largestClasses } from '../../../metrics/confusion-matrix.js';
import { RegressionErrors } from '../../../metrics/forecast-errors.js';
import type { Model } from '../../../model/model.js';
import { sequential } from '../../../model/network.js';
import { dense } from '../../../network/layers/dense.js';
import { bodyStructures } from '../../building-blocks/body-structures.js';
import { outputsOf } from '../../building-blocks/outputs.js';
import { probabilities } from '../../building-blocks/probabilities.js';
import { recurrentBody } from '../../building-blocks/recurrent-body.js';
import { inputValue } from '../../building-blocks/sequence-inputs.js';
import { commonOptions } from '../../definition/common-options.js';
import { defineTask } from '../../definition/define-task.js';
import type { Part } from '../../definition/parts.js';
import { valuesOf } from '../../definition/reasoned.js';
import type { PredictionSource } from '../../definition/task.js';
import { type Checked, choiceOption, numberOption } from '../../definition/task-options.js';
import { REMEMBER } from '../defaults/remember.js';
import * as problems from './memory-problems.js';

const count = { integer: true, min: 1 } as const;
const options = {
  ...commonOptions(
    valuesOf(REMEMBER, ['valid', 'test', 'cell', 'units', 'epochs', 'batch', 'learningRate', 'schedule']),
    'number of examples; 0 for none',
  ),
  problem: choiceOption(['adding', 'copy'], { description: 'the problem to learn', default: REMEMBER.problem.value }),
  steps: numberOption(
    { integer: true, min: 2 },
    { description: 'steps T of the adding problem, blanks of the copy problem', default: REMEMBER.steps.value },
  ),
  examples: numberOption(count, { description: 'training examples in an epoch', default: REMEMBER.examples.value }),
};

type Options = Checked<typeof options>;

/** The answer to a problem: the sum (`adding`), or the symbols that were to be remembered (`copy`). */
export type Remembered = { readonly sum?: number; readonly symbols?: readonly number[] };

/** Tasks of memory. */
export const remember = defineTask({
  name: 'remember',
  summary: 'the adding and the copy memory problem, generated: what a kind of layer can remember',
  structures: bodyStructures,
  options,
  packing: ({ problem }) => ({
    features: problems.PROBLEM_FEATURES[problem],
    targetPer: problem === 'adding' ? 'sequence' : 'step',
  }),
  loss: ({ problem }) => (problem === 'adding' ? 'meanSquaredError' : 'softmaxCrossEntropy'),

  async read({ data, problem, steps, examples, valid, test, seed }) {
    if (data !== undefined) refuse('data', 'left out: the problems are generated', data);
    const partOf = (part: 'training' | 'valid' | 'test', size: number | string) => {
      if (!Number.isSafeInteger(size)) refuse(part, 'a number of examples', size);
      return size === 0 ? undefined : problems.memoryExamples(problem, steps, { count: Number(size), seed, part });
    };
    const training = partOf('training', examples) as Part;
    return { training, validation: partOf('valid', valid), test: partOf('test', test), saved: {}, fingerprint: {} };
  },

  async readExamples(file) {
    return refuse('data', 'left out: the problems are generated', file);
  },

  network(given) {
    const { problem } = given;
    const features = problems.PROBLEM_FEATURES[problem];
    const isSum = problem === 'adding';
    return sequential([...recurrentBody(given, isSum ? 'last' : 'none'), dense({ units: isSum ? 1 : features })], {
      features,
    });
  },

  async evaluate(model, part, { options: given, signal }) {
    const measured = await (given.problem === 'adding' ? sumErrors : copyErrors)(model, part, given, signal);
    return { ...measured, memoryless: problems.memorylessError(given.problem, given.steps) };
  },

  describe({ error, memoryless, recalled }) {
    const part = typeof recalled === 'number' ? `  symbols recalled ${(100 * recalled).toFixed(2)} %` : '';
    return `error ${Number(error).toFixed(5)}  without memory ${Number(memoryless).toFixed(5)}${part}`;
  },

  /** Rows of a number and a mark; or the symbols to copy, ids 0..7. */
  async readInputs(
    source: PredictionSource<string | readonly number[] | readonly (readonly number[])[] | JsonObject>,
    { problem, steps },
  ) {
    const read = (row: JsonRow) => {
      const { line } = row.place;
      if (problem === 'adding') return { input: row.rows('input', problems.PROBLEM_FEATURES.adding), line };
      const symbols = row.ids('input');
      const isSymbol = (id: number) => id >= 0 && id < problems.COPY_SYMBOLS;
      if (symbols.length !== problems.COPY_LENGTH || !symbols.every(isSymbol)) {
        refuse('inputs', `${problems.COPY_LENGTH} symbols 0..${problems.COPY_SYMBOLS - 1}`, [...symbols]);
      }
      return { input: problems.copyInput(symbols, steps), line };
    };
    if ('file' in source) return readJsonLines(source.file, read);
    return source.values.map((value, at) =>
      read(new JsonRow(inputValue(value, 'features'), { file: 'inputs', line: at + 1 })),
    );
  },

  async *predict(model, inputs, { options: given, signal }): AsyncGenerator<Remembered, void, void> {
    const { problem } = given;
    const packing = { features: problems.PROBLEM_FEATURES[problem] };
    for await (const { output } of outputsOf(model, inputs, packing, signal)) {
      if (problem === 'adding') yield { sum: output[0] as number };
      else yield { symbols: [...largestClasses(output, model.outputs).slice(-problems.COPY_LENGTH)] };
    }
  },
});

/** The error, and for symbols the fraction that is recalled. */
type MemoryErrors = { readonly error: number | null; readonly recalled?: number | null };

/** Mean squared error of the sums. */
async function sumErrors(model: Model, part: Part, _given: Options, signal?: AbortSignal): Promise<MemoryErrors> {
  const errors = new RegressionErrors();
  const packing = { features: problems.PROBLEM_FEATURES.adding, targetPer: 'sequence' } as const;
  for await (const { example, output } of outputsOf(model, part, packing, signal)) {
    errors.add(example.target as Float32Array, output);
  }
  return { error: errors.meanSquaredError ?? null };
}

/** Mean cross-entropy of all steps in nats, and the fraction of the symbols that are recalled. */
async function copyErrors(model: Model, part: Part, _given: Options, signal?: AbortSignal): Promise<MemoryErrors> {
  const { outputs } = model;
  const sums = { nats: 0, steps: 0, hits: 0, symbols: 0 };
  for await (const { example, output } of outputsOf(model, part, { features: outputs }, signal)) {
    const targets = example.target as Int32Array;
    const found = largestClasses(output, outputs);
    for (const [step, target] of targets.entries()) {
      const likely = probabilities(output.subarray(step * outputs, (step + 1) * outputs));
      sums.nats -= Math.log(Math.max(likely[target] as number, Number.MIN_VALUE));
      sums.steps += 1;
      if (step < targets.length - problems.COPY_LENGTH) continue;
      sums.symbols += 1;
      sums.hits += found[step] === target ? 1 : 0;
    }
  }
  return { error: sums.nats / sums.steps, recalled: sums.hits / sums.symbols };
}

function refuse(name: string, expected: string, value: unknown): never {
  const message = `option '${name}' must be ${expected}, got ${describeValue(value)}`;
  throw new OptionError('invalid_option', message, { name, value });
}
