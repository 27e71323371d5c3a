/** Gradients of a model that nothing is trained with: for looking into a network, and for what lies around it. */
import { countOf, type PackedAxes } from '../../batch/axes.js';
import { checkArray } from '../../batch/check-arrays.js';
import { OptionError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys } from '../../core/options.js';
import type { SymbolicExtent } from '../../graph/value.js';
import { type GradientNames, type GradientsGraph, upstreamInput } from '../build/build-gradients.js';
import type { Execution } from '../execute/execution.js';
import type { ExecutionOptions } from '../execute/execution-options.js';

/** What gradients are asked for. */
export interface GradientOptions extends ExecutionOptions {
  /**
   * What the gradients are with respect to: inputs of real numbers and nodes by their names (`input`; `embedding`, the output of
   * that node), parameters (`lstm.weight_ih_l0`), initial states (`state:lstm.h_l0`). At least one.
   */
  readonly of: readonly string[];
  /**
   * Upstream gradients by output (`output` where it has no name), packed like the output: then those of the sum of
   * outputs times upstream gradients are computed, in place of those of the loss, and no targets are needed.
   */
  readonly upstream?: Readonly<Record<string, Float32Array>>;
}

/** The names of a request, checked. @param outputs columns and rows of the outputs of the model @throws {OptionError} */
export function gradientNames(
  { of, upstream = {} }: GradientOptions,
  outputs: ReadonlyMap<string, unknown>,
): GradientNames {
  if (!Array.isArray(of) || of.length === 0 || of.some((name) => typeof name !== 'string')) {
    const message = `option 'of' must be a list of names, got ${describeValue(of)}`;
    throw new OptionError('invalid_option', message, { name: 'of', value: of });
  }
  rejectUnknownKeys('upstream', upstream, [...outputs.keys()]);
  return { of: [...new Set<string>(of)], outputs: Object.keys(upstream) };
}

/** Writes the upstream gradients. @throws {ShapeError} `rank_mismatch`, `length_mismatch` */
export function writeUpstream(
  { compiled: { program, built } }: Execution<GradientsGraph>,
  { upstream = {} }: GradientOptions,
  axes: PackedAxes,
): void {
  for (const [name, numbers] of Object.entries(upstream)) {
    const output = built.results.get(name);
    if (output === undefined) continue;
    checkArray(`upstream '${name}'`, numbers, false, countOf(output.rows as SymbolicExtent, axes) * output.columns);
    if (program.hasInput(upstreamInput(name))) program.real(upstreamInput(name)).set(numbers);
  }
}

/** Copies of the gradients by name; zeros where nothing depends on what they are of. */
export function readGradients(execution: Execution<GradientsGraph>): Record<string, Float32Array> {
  const all = [...execution.compiled.built.gradients].map(([name, { source, gradient }]) => {
    const length = execution.rowsOf(source) * source.columns;
    return [name, gradient === undefined ? new Float32Array(length) : execution.view(gradient).slice()] as const;
  });
  return Object.fromEntries(all);
}
