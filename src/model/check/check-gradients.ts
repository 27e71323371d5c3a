/** Compares the gradients of a model with central differences, for users who write layers and losses. */

import { countOf, type PackedAxes, TIME } from '../../batch/axes.js';
import type { Batch } from '../../batch/batch.js';
import { packedAxes } from '../../batch/check-axes.js';
import { type PlainExamples, packedBatch } from '../../batch/plain-examples.js';
import { requireObject } from '../../core/arguments.js';
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import { Random } from '../../core/random.js';
import { isInt32Array } from '../../core/typed-array.js';
import type { SymbolicExtent } from '../../graph/extent.js';
import type { Value } from '../../graph/value.js';
import { PROGRAM_INPUTS } from '../build/build-forward.js';
import { networkAxes } from '../build/network-axes.js';
import type { CarriedState } from '../execute/carried-state.js';
import { checkBatch, checkState } from '../execute/check-batch.js';
import { requireState } from '../execute/execution-options.js';
import { packedState } from '../execute/state-order.js';
import { GradientReport, type OperandReport } from './gradient-report.js';
import { type CheckedModel, type Numbers, Objective } from './objective.js';

/** How gradients are checked. */
export interface CheckGradientsOptions {
  /** Largest relative error of a gradient that counts as correct, > 0; default 1e-5. */
  readonly tolerance?: number;
  /**
   * Elements of each operand that are changed one by one, integer >= 1; default 10. One more change is of all elements
   * together.
   */
  readonly elements?: number;
  /** Whether dropout and penalties are active, with the same masks each time; default false. */
  readonly training?: boolean;
  /** Initial states, which are checked too; default zero. The check does not change them. */
  readonly state?: CarriedState;
  /** Seed of the choice of elements and directions, and of masks; default 1. */
  readonly seed?: number;
}

const STEP = 2 ** -17;
/** The steps of the differences. When an activation has a kink within a step, the result of a smaller step decides. */
const SMALL_STEP = 2 ** -21;
/** Least size that errors are relative to, as a part of the objective: central differences are not more precise. */
const LEAST = 2 ** -13;

/** The values of the operands, and everything else that the programs read. */
function numbersOf(
  objective: Objective,
  { parameters, buffers, description }: CheckedModel,
  batch: Batch,
  { axes, state, seed }: { readonly axes: PackedAxes; readonly state: CarriedState | undefined; readonly seed: number },
) {
  const numbers = new Map<string, Numbers>();
  for (const [name, { data }] of parameters) numbers.set(name, Float64Array.from(data));
  for (const [name, value] of objective.initialStates) {
    const length = countOf(value.rows as SymbolicExtent, axes) * value.columns;
    numbers.set(value.name as string, Float64Array.from(state?.values.get(name) ?? new Float32Array(length)));
  }
  const fixed = new Map<string, Batch['inputs'][string]>([[PROGRAM_INPUTS.key, Int32Array.of(seed, 0, 0, 0)]]);
  for (const name of objective.buffers.keys()) fixed.set(name, buffers.get(name)?.data as Float32Array);
  for (const name of Object.keys(description.inputs)) {
    const rows = batch.inputs[name] as Batch['inputs'][string];
    if (isInt32Array(rows)) fixed.set(name, rows);
    else numbers.set(name, Float64Array.from(rows));
  }
  for (const [name, { name: input }] of objective.targets) {
    fixed.set(input as string, batch.targets?.[name] as Batch['inputs'][string]);
  }
  return { numbers, fixed };
}

function dot(a: Numbers, b: Numbers): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);
}

/** Changes of an operand: of single elements, then of all together. */
function* changesOf(length: number, elements: number, random: Random) {
  const chosen = new Set<number>();
  while (chosen.size < Math.min(elements, length)) {
    chosen.add(length <= elements ? chosen.size : random.integer(length));
  }
  for (const element of chosen) {
    const change = new Float64Array(length);
    change[element] = 1;
    yield { element, change };
  }
  yield { element: undefined, change: Float64Array.from({ length }, () => 2 * random.uniform() - 1) };
}

/**
 * Compares the gradients of the model's loss with central differences, in double precision: with respect to all
 * parameters, inputs of real numbers and initial states. A wrong gradient is reported and throws no error. The model
 * does not change.
 *
 * @param examples a packed batch, or plain sequences and their targets; small, because the loss is computed again for every change
 * @throws {OptionError} `invalid_option`, `unknown_option`; errors of the batch as `model.evaluate`
 * @example
 * const report = checkGradients(model, { inputs: [[0.1, 0.2], [0.3]], targets: [[0.2, 0.3], [0.4]] });
 * console.log(report); // a line for every parameter, input and state
 * if (!report.passed) process.exitCode = 1;
 */
export function checkGradients(
  model: CheckedModel,
  examples: Batch | PlainExamples,
  options: CheckGradientsOptions = {},
): GradientReport {
  rejectUnknownKeys('checkGradients', options, ['tolerance', 'elements', 'training', 'state', 'seed'], ['state']);
  const tolerance = requireNumber('tolerance', options.tolerance ?? 1e-5, { exclusiveMin: 0 });
  const elements = requireNumber('elements', options.elements ?? 10, { integer: true, min: 1 });
  const seed = requireNumber('seed', options.seed ?? 1, { integer: true, min: 0, max: 2 ** 31 - 1 });
  const training = requireOneOf('training', options.training ?? false, [true, false]);
  if (options.state !== undefined) requireState(options.state);
  requireObject('the model', model);
  const batch = packedBatch(model.plainForm, examples);
  const state = options.state && packedState(options.state, batch?.order);
  const [forward, backward] = [new Objective(model, training), new Objective(model, training)];
  const axes = packedAxes(batch, networkAxes(model.description, forward.graph, forward.targets.values()));
  checkBatch(batch, axes, model.description, forward.targets);
  if (state !== undefined) checkState(state, axes.get(TIME)?.batchSizes[0] as number, model, batch.order);
  const { numbers, fixed } = numbersOf(forward, model, batch, { axes, state, seed });
  try {
    forward.compile(axes, false);
    backward.compile(axes, true);
    const { value, gradients } = backward.execute(numbers, fixed, axes);
    const random = new Random(seed, 'check gradients');
    const reports = [...forward.operands].map(([name, operand]) => {
      const at = numbers.get(name) as Numbers;
      const gradient = gradients.get(name) ?? new Float64Array(at.length);
      const objectiveAt = (change: Numbers, step: number) => {
        const changed = at.map((number, index) => number + step * (change[index] as number));
        return forward.execute(new Map([...numbers, [name, changed]]), fixed, axes).value;
      };
      return operandReport(nameOf(operand, model), { gradient, objectiveAt, value, elements, random, tolerance });
    });
    return new GradientReport(reports, tolerance, value);
  } finally {
    forward.dispose();
    backward.dispose();
  }
}

function nameOf({ name = '' }: Value, { parameters, description }: CheckedModel): Pick<OperandReport, 'name' | 'kind'> {
  if (parameters.has(name)) return { name, kind: 'parameter' };
  if (Object.hasOwn(description.inputs, name)) return { name, kind: 'input' };
  return { name: name.replace('state/', 'state:'), kind: 'state' };
}

/** Checks one operand. */
function operandReport(
  named: Pick<OperandReport, 'name' | 'kind'>,
  {
    gradient,
    objectiveAt,
    value,
    elements,
    random,
    tolerance,
  }: {
    readonly gradient: Numbers;
    readonly objectiveAt: (change: Numbers, step: number) => number;
    readonly value: number;
    readonly elements: number;
    readonly random: Random;
    readonly tolerance: number;
  },
): OperandReport {
  const { length } = gradient;
  let error = 0;
  let changes = 0;
  let worst: OperandReport['worst'] = { element: undefined, gradient: 0, difference: 0 };
  for (const { element, change } of changesOf(length, elements, random)) {
    const analytic = dot(gradient, change);
    const size = Math.sqrt((dot(gradient, gradient) / length) * dot(change, change));
    const errorAt = (step: number) => {
      const difference = (objectiveAt(change, step) - objectiveAt(change, -step)) / (2 * step);
      const least = LEAST * Math.max(Math.abs(value), 1e-3);
      const scale = Math.max(Math.abs(analytic), Math.abs(difference), size, least);
      const error = Math.abs(analytic - difference) / scale;
      return { error: Number.isNaN(error) ? Number.POSITIVE_INFINITY : error, difference };
    };
    let found = errorAt(STEP);
    if (found.error > tolerance) {
      const smaller = errorAt(SMALL_STEP);
      if (smaller.error < found.error) found = smaller;
    }
    changes++;
    if (changes > 1 && found.error <= error) continue;
    error = found.error;
    worst = { element, gradient: analytic, difference: found.difference };
  }
  return { ...named, elements: length, changes, error, worst };
}
