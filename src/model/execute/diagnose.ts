/** Finds where a number first became NaN or infinite. */
import { NumericError } from '../../core/errors.js';
import type { Value } from '../../graph/value.js';
import { native } from '../../native/addon.js';
import type { NetworkDescription } from '../../network/description.js';
import type { CompiledProgram } from '../../program/program.js';
import type { Parameter } from '../build/parameters.js';
import type { Execution } from './execution.js';

/** A layer with a value that is NaN or infinite. */
export interface Culprit {
  /** Name of the layer. */
  readonly layer: string;
  readonly what: 'parameter' | 'output' | 'gradient';
  /** Name of the parameter, if the value is a parameter or its gradient. */
  readonly parameter?: string;
}

function isSound(values: Float32Array | Float64Array): boolean {
  return native().probe(values).nonFinite === 0;
}

function findIn(
  parameters: ReadonlyMap<string, Parameter>,
  layer: string,
  part: 'data' | 'gradient',
): string | undefined {
  for (const parameter of parameters.values()) {
    if (parameter.name.startsWith(`${layer}.`) && !isSound(parameter[part])) return parameter.name;
  }
  return undefined;
}

/**
 * The first layer of the network with a parameter or an output that is not finite. When all are finite, the last layer
 * whose gradient is not finite: gradients flow backwards, so the problem began there.
 *
 * @param execution a finished execution of a program that keeps the output of every layer
 */
export function findNonFinite(
  description: NetworkDescription,
  parameters: ReadonlyMap<string, Parameter>,
  execution: Execution,
): Culprit | undefined {
  for (const { name: layer } of description.nodes) {
    const parameter = findIn(parameters, layer, 'data');
    if (parameter !== undefined) return { layer, what: 'parameter', parameter };
    const output = execution.compiled.built.nodes.get(layer) as Value;
    if (output.node !== undefined && !isSound(execution.view(output))) {
      return { layer, what: 'output' };
    }
  }
  for (const { name: layer } of [...description.nodes].reverse()) {
    const parameter = findIn(parameters, layer, 'gradient');
    if (parameter !== undefined) return { layer, what: 'gradient', parameter };
  }
  return undefined;
}

/**
 * Refuses new values of which one is not finite.
 *
 * @param checks [1, 1] by what they are checks of
 * @param step number of the step, counted from 1
 * @throws {NumericError} `non_finite_update`
 */
export function requireFiniteValues(
  program: Pick<CompiledProgram, 'real'>,
  checks: ReadonlyMap<string, Value>,
  step: number,
): void {
  for (const [what, value] of checks) {
    if (Number.isFinite(program.real(value)[0])) continue;
    const message = `the new values of ${what} at step ${step} are not finite; nothing has changed`;
    throw new NumericError('non_finite_update', message, { step, what });
  }
}

/**
 * Refuses a training step that has changed nothing: its loss, its gradient or a new value is not finite.
 *
 * @param step number of the step, counted from 1
 * @param diagnose finds the layer where it began
 * @throws {NumericError} `non_finite_loss`, `non_finite_gradient`, `non_finite_buffer`, `non_finite_update`
 */
export function requireFiniteStep(execution: Execution, step: number, diagnose: () => Culprit | undefined): void {
  const { loss, gradientNorm, nonFiniteBuffer } = execution;
  const { program, built } = execution.compiled;
  if (Number.isFinite(loss) && nonFiniteBuffer !== undefined) {
    const { layer, buffer } = nonFiniteBuffer;
    const message = `the buffer '${buffer}' of layer '${layer}' would not be finite after step ${step}; the model is as before the step: look for inputs that are too large`;
    throw new NumericError('non_finite_buffer', message, { step, loss, layer, buffer });
  }
  if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
    throw nonFiniteError(loss, gradientNorm, step, diagnose());
  }
  requireFiniteValues(program, built.checks ?? new Map(), step);
}

/**
 * The error of a training step or update whose loss or gradient is not finite.
 *
 * @param loss undefined in the update of a cell, which has none
 * @param step number of the step, counted from 1
 */
export function nonFiniteError(
  loss: number | undefined,
  gradientNorm: number,
  step: number,
  culprit: Culprit | undefined,
): NumericError {
  const isLoss = loss !== undefined && !Number.isFinite(loss);
  const what = isLoss ? `loss is ${loss}` : `gradient norm is ${gradientNorm}`;
  const where = culprit === undefined ? '' : `; first in layer '${culprit.layer}' (${culprit.what})`;
  return new NumericError(
    isLoss ? 'non_finite_loss' : 'non_finite_gradient',
    `the ${what} at step ${step}${where}; parameters are as before the step`,
    { step, ...(loss !== undefined && { loss }), gradientNorm, layer: culprit?.layer, what: culprit?.what },
  );
}
