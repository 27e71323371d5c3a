/** One step of a recurrent layer at a time, for training loops that users write themselves. */

import { TIME } from '../batch/axes.js';
import { checkArray } from '../batch/check-arrays.js';
import { OptionError } from '../core/errors.js';
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import type { Value } from '../graph/value.js';
import { ONLY_OUTPUT } from '../network/description.js';
import { layerFromJSON } from '../network/layers/layers.js';
import type { RecurrentDescription } from '../network/layers/recurrent.js';
import { buildCellGraph, CELL_INPUT, type CellGraph, type CellMode, UPSTREAM } from './build/build-cell-graph.js';
import { checkDefinitions } from './build/check-definitions.js';
import { checkParameterOptions, type ParameterOptions } from './build/compile-options.js';
import { ParameterLayout } from './build/parameters.js';
import type { CarriedState } from './execute/carried-state.js';
import { checkState } from './execute/check-batch.js';
import { Execution } from './execute/execution.js';
import { requireState, type TrainOptions, trainingNumbers } from './execute/execution-options.js';
import { executeUpdate, type UpdateGraph, updateGraph } from './execute/parameter-update.js';
import type { Programs } from './execute/programs.js';
import { sequential } from './network.js';
import { NetworkInstance } from './network-instance.js';

/** Settings of a cell. */
export interface RecurrentCellOptions extends ParameterOptions {
  /** Numbers in a row of the input, integer >= 1. */
  readonly inputs: number;
}

/** The result of a step. */
export interface CellStep {
  /** [batch * outputs]. */
  readonly output: Float32Array;
  /** The state after the step. */
  readonly state: CarriedState;
}

/** The gradients of a loss with respect to the results of a step; omitted ones are zero. */
export interface CellUpstream {
  /** With respect to the output of the step: [batch * outputs]. */
  readonly output?: Float32Array;
  /** With respect to the state after the step: the state gradient that `gradient` returned for the next step. */
  readonly state?: CarriedState;
}

/** The gradients that a backward step returns. */
export interface CellGradient {
  /** With respect to the input of the step: [batch * inputs]. */
  readonly input: Float32Array;
  /** With respect to the state before the step. */
  readonly state: CarriedState;
}

/**
 * A single layer of recurrent cells, forward in time. `step` computes a step, and `gradient` is its backward pass. The
 * user writes the loop over time, the code that makes the inputs and the code that uses the outputs. Names, seeds and
 * initial values are those of `sequential([layer])`: both have the same parameters and give the same outputs, bit for
 * bit.
 *
 * A cell has no randomness and adds nothing to the loss: dropouts and penalties of the layer apply only in models, and
 * zoneout uses its expected value.
 */
export class RecurrentCell extends NetworkInstance {
  readonly layer: RecurrentDescription;
  readonly inputs: number;
  /** Width of the output. */
  readonly outputs: number;
  /** Summed gradients of the parameters by name, as views; after an update these are the clipped gradients. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly #programs: Programs<CellMode, CellGraph>;
  readonly #update: Programs<'update', UpdateGraph>;

  /**
   * @throws {OptionError} `invalid_option` for a layer that is not recurrent, has several layers or another direction than
   *   forward; `unknown_option`
   */
  constructor(layer: RecurrentDescription, options: RecurrentCellOptions) {
    const settings = checkParameterOptions('recurrentCell', options, ['inputs']);
    const checked = checkLayer(layer);
    const inputs = requireNumber('inputs', options.inputs, { min: 1, integer: true });
    const { description } = sequential([checked], { features: inputs });
    const layout = new ParameterLayout(settings.precision);
    const build = (mode: CellMode) => buildCellGraph(description, layout, mode);
    const { results, finalStates } = build('step');
    checkDefinitions(description, settings.optimizer, layout);
    super({ what: 'cell', description, settings, layout, finalStates });
    this.layer = checked;
    this.inputs = inputs;
    this.outputs = (results.get(ONLY_OUTPUT) as Value).columns;
    this.gradients = new Map([...this.parameters].map(([name, { gradient }]) => [name, gradient]));
    this.#programs = this.programsOf(build);
    this.#update = this.programsOf(() => updateGraph(this.optimizer, layout));
  }

  /** Updates done; decides bias correction. Set it only when a checkpoint is restored. */
  get updates(): number {
    return this.updateCount;
  }
  set updates(value: number) {
    this.restoreUpdateCount('updates', value);
  }

  /**
   * Computes one step. The arguments do not change.
   *
   * @param x [batch * inputs]
   * @param state the state before the step; its batch size must be that of the step
   * @throws {ShapeError} `rank_mismatch`, `length_mismatch`
   * @throws {UsageError} `state_mismatch`, `model_disposed`
   */
  step(x: Float32Array, state: CarriedState): CellStep {
    this.#check(x, state);
    const execution = this.#begin('step', x, state);
    execution.execute();
    const after = this.newState(state.batch);
    for (const [name, rows] of execution.finalStates) after.values.get(name)?.set(rows);
    return { output: execution.outputs()[ONLY_OUTPUT] as Float32Array, state: after };
  }

  /**
   * The backward pass of one step: computes the step again, returns the gradients of its input and of the state before
   * it, and adds the gradients of the parameters to `gradients`. Call it for the steps of a sequence from the last to
   * the first.
   *
   * @param x the argument of `step`
   * @param state the argument of `step`: the state before the step
   * @param upstream at least one of the gradients that reach the step
   * @throws {ShapeError} `rank_mismatch`, `length_mismatch`
   * @throws {UsageError} `state_mismatch`, `model_disposed`
   * @throws {OptionError} `unknown_option`, `invalid_option`
   */
  gradient(x: Float32Array, state: CarriedState, upstream: CellUpstream): CellGradient {
    this.#check(x, state);
    rejectUnknownKeys('gradient', upstream, ['output', 'state']);
    const { output, state: next } = upstream;
    if (output === undefined && next === undefined) {
      const message = "gradient needs option 'output' or option 'state': what reaches the step";
      throw new OptionError('invalid_option', message, { name: 'output' });
    }
    if (output !== undefined) checkArray('gradient of the output', output, false, state.batch * this.outputs);
    if (next !== undefined) this.#checkState(next, state.batch);
    const execution = this.#begin('gradient', x, state);
    const { program, built } = execution.compiled;
    program.real(UPSTREAM.output).fill(0);
    if (output !== undefined) program.real(UPSTREAM.output).set(output);
    for (const name of built.finalStates.keys()) {
      const memory = program.real(UPSTREAM.state(name)).fill(0);
      const values = next?.values.get(name);
      if (values !== undefined) memory.set(values);
    }
    execution.execute();
    const before = this.newState(state.batch);
    for (const [name, value] of built.stateGradients) before.set(name, execution.view(value));
    const { inputGradient } = built;
    return {
      input: inputGradient === undefined ? new Float32Array(x.length) : execution.view(inputGradient).slice(),
      state: before,
    };
  }

  /** Sets all gradients to zero, as before the first call of `gradient`. */
  zeroGradients(): void {
    for (const gradient of this.gradients.values()) gradient.fill(0);
  }

  /**
   * Applies the optimizer to the summed gradients and returns their norm before `clipNorm`. The gradients keep the
   * values after clipping. Call `zeroGradients` before the next sums begin, also after an error: values that are not
   * finite stay in `gradients` until then.
   *
   * @throws {NumericError} `non_finite_gradient`, `non_finite_update`; the parameters are as before
   * @throws {OptionError} `invalid_option`, `unknown_option`
   * @throws {UsageError} `model_disposed`
   */
  update(options: Pick<TrainOptions, 'learningRate' | 'clipNorm' | 'clipValue'> = {}): {
    readonly gradientNorm: number;
  } {
    this.currentVersion();
    rejectUnknownKeys('update', options, ['learningRate', 'clipNorm', 'clipValue']);
    const step = this.updates;
    const numbers = trainingNumbers(options, { optimizer: this.optimizer, seed: this.seed, step });
    const gradientNorm = executeUpdate(this.#update.get('update', new Map()), numbers);
    this.stepDone();
    return { gradientNorm };
  }

  /** Frees the programs of the cell. */
  dispose(): void {
    this.disposePrograms();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #checkState(state: CarriedState, batch: number): void {
    requireState(state);
    checkState(state, batch, this);
  }

  /** Checks what every step takes. */
  #check(x: Float32Array, state: CarriedState): void {
    this.currentVersion();
    this.#checkState(state, state?.batch);
    checkArray(`input '${CELL_INPUT}'`, x, false, state.batch * this.inputs);
  }

  /** Writes a step into the program of the mode. */
  #begin(mode: CellMode, x: Float32Array, state: CarriedState): Execution<CellGraph> {
    const batch = { inputs: { [CELL_INPUT]: x } };
    const axes = new Map([[TIME, { batchSizes: Int32Array.of(state.batch), rows: state.batch }]]);
    const compiled = this.#programs.get(mode, axes);
    const { description } = this;
    return new Execution(compiled, { description, batch, axes, state, version: this.currentVersion() });
  }
}

/** @throws {OptionError} `invalid_option` */
function checkLayer(layer: RecurrentDescription): RecurrentDescription {
  requireOneOf('layer', layer?.kind, ['rnn', 'lstm', 'gru']);
  const checked = layerFromJSON(layer) as RecurrentDescription;
  const { layers = 1, direction = 'forward' } = checked;
  if (layers !== 1 || direction !== 'forward') {
    const given = layers !== 1 ? `${layers} layers` : 'another direction';
    throw new OptionError('invalid_option', `a cell has one layer, forward in time, this one has ${given}`, {
      name: 'layer',
      layers,
    });
  }
  return checked;
}

/**
 * A single recurrent layer whose steps the caller computes one by one. Errors as the constructor of `RecurrentCell`.
 *
 * @example
 * const cell = recurrentCell(lstm({ units: 32 }), { inputs: 8, seed: 1 });
 * let state = cell.newState(1);
 * for (const x of steps) ({ state } = cell.step(x, state));
 */
export function recurrentCell(layer: RecurrentDescription, options: RecurrentCellOptions): RecurrentCell {
  return new RecurrentCell(layer, options);
}
