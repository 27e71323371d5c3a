/** Valid programs in the flat form: one of each operation, and training steps. Tests change them, and the fuzzer starts from them. */
import { gradientRules } from '../../src/graph/gradient-rules.js';
import type { AxisSamples } from '../../src/native/addon.js';
import { rowCount } from '../oracle/packed.js';
import { type CapturedProgram, capture } from './captured-program.js';
import { addGradients, buildProblem, differentiableOutputs } from './problem-graph.js';
import { ProblemProgram } from './problem-program.js';
import { problems } from './problems/index.js';
import { mostOperands, runArguments } from './problems/problem.js';
import { encoderDecoderStep, trainingStep } from './training-graph.js';

/** A program, and an execution that it has room for. */
export interface Base extends CapturedProgram {
  readonly name: string;
  readonly batchSizes: readonly Int32Array[];
  readonly samples?: AxisSamples;
}

/**
 * One program for each operation, with its gradients where it has any: with several steps and all optional operands where
 * there is such a problem, or the second problem, which is small.
 */
function basePrograms(): Base[] {
  return [...new Set(problems.map(({ operation }) => operation))].map((operation) => {
    const own = problems.filter((problem) => problem.operation === operation);
    const long = own.filter(({ batchSizes = [] }) => batchSizes.length > 3 && rowCount(batchSizes) < 100);
    const problem = mostOperands(long) ?? own[1] ?? own[0];
    if (problem === undefined) throw new Error(`${operation} has no problem`);
    const built = buildProblem(problem);
    const results = [...built.results.values()];
    if (gradientRules.has(operation)) {
      results.push(...addGradients(built, differentiableOutputs(built)).values());
    }
    const captured = capture(() => new ProblemProgram(built, results));
    return { name: problem.name, ...captured, ...runArguments(problem) };
  });
}

const sizes = { symbols: 7, units: 17, steps: 4, batch: 3 };
/** A language model of one LSTM. */
export const training: Base = {
  name: 'a training step',
  ...capture(() => trainingStep(sizes, 1)),
  batchSizes: [Int32Array.of(3, 3, 2, 1)],
};
const encoderDecoder: Base = {
  name: 'a training step of two time axes',
  ...capture(() => encoderDecoderStep(1)),
  batchSizes: [Int32Array.of(3, 3, 2, 1), Int32Array.of(4, 2, 2, 1, 1)],
  samples: encoderDecoderStep(1).samples,
};
/** All of them. */
export const bases: readonly Base[] = [...basePrograms(), training, encoderDecoder];
