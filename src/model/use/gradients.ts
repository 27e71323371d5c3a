/** Gradients of a model that do not train it: for the analysis of a network, and for code around it. */
import { countOf, type PackedAxes, TIME } from '../../batch/axes.js';
import type { Batch } from '../../batch/batch.js';
import { checkArray } from '../../batch/check-arrays.js';
import { packedAxes } from '../../batch/check-axes.js';
import { isPlain, type PlainExamples, type PlainForm, packedBatch } from '../../batch/plain-examples.js';
import { OptionError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys } from '../../core/options.js';
import type { SymbolicExtent } from '../../graph/extent.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import type { NetworkDescription } from '../../network/description.js';
import type { ModelLoss } from '../../network/output-losses.js';
import { buildGradients, type GradientNames, type GradientsGraph, upstreamInput } from '../build/build-gradients.js';
import { outputShape } from '../build/build-graph.js';
import { networkAxes } from '../build/network-axes.js';
import type { ParameterLayout } from '../build/parameters.js';
import { checkBatch, checkState, type StateForm } from '../execute/check-batch.js';
import { Execution } from '../execute/execution.js';
import type { ExecutionOptions } from '../execute/execution-options.js';
import type { BuildProgram, Programs } from '../execute/programs.js';
import { bySample, packedState } from '../execute/state-order.js';
import { inOrder } from './predictions.js';

/** The gradients that a caller asks for. */
export interface GradientOptions extends ExecutionOptions {
  /**
   * What the gradients are with respect to: inputs of real numbers and nodes by their names (`input`; `embedding`, the output of
   * that node), parameters (`lstm.weight_ih_l0`), initial states (`state:lstm.h_l0`). At least one; default all parameters.
   */
  readonly of?: readonly string[];
  /**
   * Upstream gradients by output (`output` if it has no name), packed like the output. Then the gradients are those of
   * the sum of outputs times upstream gradients, instead of the loss, and no targets are needed. For a packed batch only.
   */
  readonly upstream?: Readonly<Record<string, Float32Array>>;
}

/** Gradients by name; those of the inputs and nodes of plain sequences are one array for each sequence. */
export type Gradients = Record<string, Float32Array | Float32Array[]>;

/** The names of a request, checked. @throws {OptionError} */
function gradientNames(
  { of: given, upstream = {} }: GradientOptions,
  { layout, outputs }: Pick<GradientReaderParts, 'layout' | 'outputs'>,
): GradientNames {
  const of = given ?? [...layout.requests.keys()];
  if (!Array.isArray(of) || of.length === 0 || of.some((name) => typeof name !== 'string')) {
    const message = `option 'of' must be a list of names, got ${describeValue(of)}`;
    throw new OptionError('invalid_option', message, { name: 'of', value: of });
  }
  rejectUnknownKeys('upstream', upstream, [...outputs.keys()]);
  return { of: [...new Set<string>(of)], outputs: Object.keys(upstream) };
}

/** Writes the upstream gradients. @throws {ShapeError} `rank_mismatch`, `length_mismatch` */
function writeUpstream(
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

/**
 * Copies of the gradients by name; zeros when the result does not depend on a value. Those of initial states are by sample.
 *
 * @param bySequence whether those of inputs and nodes are by sequence, in the order of the samples
 */
function readGradients(execution: Execution<GradientsGraph>, batch: Batch, bySequence: boolean): Gradients {
  const all = [...execution.compiled.built.gradients].map(([name, { source, gradient }]) => {
    const length = execution.rowsOf(source) * source.columns;
    const packed = gradient === undefined ? new Float32Array(length) : execution.view(gradient).slice();
    if (name.startsWith('state:')) return [name, bySample(packed, batch.order, execution.sequences)] as const;
    const isOfRows = typeof source.rows !== 'number' && source.source !== 'parameter';
    return [name, bySequence && isOfRows ? inOrder(batch, outputShape(source), packed) : packed] as const;
  });
  return Object.fromEntries(all);
}

/** The part of a model that gradients need. */
export interface GradientReaderParts extends StateForm {
  readonly plainForm: PlainForm;
  readonly description: NetworkDescription;
  readonly loss: ModelLoss;
  readonly layout: ParameterLayout;
  /** Knows the time axes that layers make. */
  readonly graph: Pick<Graph, 'derivedAxes'>;
  /** Outputs by name. */
  readonly outputs: ReadonlyMap<string, unknown>;
  /** Targets by name, as values of the graph. */
  readonly targets: ReadonlyMap<string, Value>;
}

/** Computes the gradients of one model. */
export class GradientReader {
  readonly #parts: GradientReaderParts;
  readonly #programs: Programs<string, GradientsGraph>;

  /** @param programsOf gives the programs of the model for a graph of each request */
  constructor(
    parts: GradientReaderParts,
    programsOf: (build: BuildProgram<string, GradientsGraph>) => Programs<string, GradientsGraph>,
  ) {
    this.#parts = parts;
    this.#programs = programsOf((names) => buildGradients(parts, JSON.parse(names)));
  }

  /** Gradients by name. Errors as `Model.gradients`. @param version of the parameters */
  async read(examples: Batch | PlainExamples, options: GradientOptions, version: number): Promise<Gradients> {
    const { description, plainForm } = this.#parts;
    const names = gradientNames(options, this.#parts);
    const bySequence = isPlain(examples);
    if (bySequence && names.outputs.length > 0) {
      const message = `option 'upstream' is packed, so it needs a packed batch: see packSequences`;
      throw new OptionError('invalid_option', message, { name: 'upstream' });
    }
    const batch = packedBatch(plainForm, examples);
    const targets = names.outputs.length > 0 ? new Map<string, Value>() : this.#parts.targets;
    const axes = packedAxes(batch, networkAxes(description, this.#parts.graph, targets.values()));
    checkBatch(batch, axes, description, targets);
    const state = options.state && packedState(options.state, batch.order);
    if (state !== undefined) checkState(state, axes.get(TIME)?.batchSizes[0] as number, this.#parts, batch.order);
    const compiled = this.#programs.get(JSON.stringify(names), axes);
    const execution = new Execution(compiled, { description, batch, axes, state, version });
    writeUpstream(execution, options, axes);
    await execution.start(options.signal);
    return readGradients(execution, batch, bySequence);
  }
}
