/** What the steps of streams need of a model. */
import type { Batch } from '../../batch/batch.js';
import type { NetworkDescription } from '../../network/description.js';
import type { OutputPer } from '../build/build-graph.js';
import type { BatchExecutions } from '../execute/batch-executions.js';
import type { CarriedState } from '../execute/carried-state.js';
import type { Execution } from '../execute/execution.js';
import type { ExecutionQueue } from '../execute/execution-queue.js';
import { unsoundSteps } from '../execute/finite-states.js';
import { HeldState } from '../execute/held-state.js';
import type { StepPrograms } from '../execute/step-programs.js';

/** The part of a model that steps need. */
export interface SteppingModel {
  /** Name of the only input. */
  readonly inputName: string;
  readonly queue: ExecutionQueue;
  /** @throws {OptionError} `invalid_option` for a model of several outputs */
  readonly programs: StepPrograms;
  newState(batch: number): CarriedState;
  /** Version of the parameters. @throws {UsageError} `model_disposed` */
  version(): number;
  /**
   * Executes a batch of single steps within a turn, off the event loop, and leaves the final states in the state.
   *
   * @param room for at least this many sequences
   * @returns the outputs [B * outputs]
   */
  execute(batch: Batch, state: CarriedState, room: number): Promise<Float32Array>;
  /**
   * Executes steps of one sequence within a turn, off the event loop, and leaves the final states in the state.
   *
   * @param first number of the first step in its stream
   * @returns outputs of all steps [T * outputs]
   * @throws {NumericError} `non_finite_output`; the signal's reason; the state has not changed
   */
  read(batch: Batch, state: CarriedState, first: number, signal: AbortSignal | undefined): Promise<Float32Array>;
}

/** The parts of a network that it is made of. */
export interface SteppingHost extends Pick<SteppingModel, 'queue' | 'newState' | 'version'> {
  readonly description: NetworkDescription;
  readonly executions: BatchExecutions;
  readonly outputPer: OutputPer;
  /** Name of the only output. @throws {OptionError} `invalid_option` for several */
  output(): string;
}

function onlyOutputOf(execution: Execution): Float32Array {
  return Object.values(execution.outputs())[0] as Float32Array;
}

/** The outputs of steps of one stream, which takes the final states. @throws {NumericError} `non_finite_output`; it has not changed */
function soundOutputs(execution: Execution, first: number): Float32Array {
  const outputs = onlyOutputOf(execution);
  const unsound = unsoundSteps(outputs, outputs.length / execution.rows, () => execution.finalStates, first);
  if (unsound !== undefined) throw unsound;
  execution.takeStates();
  return outputs;
}

/** The model of the steps of a network of one input. */
export function steppingModel(host: SteppingHost): SteppingModel {
  const { description, queue, executions, outputPer, newState, version } = host;
  const begin = (batch: Batch, state: CarriedState, use: string, room?: number) => {
    host.output();
    const held = new HeldState(state, undefined, true);
    return executions.begin({ mode: 'predict', batch, held, use, room, version: version() });
  };
  let programs: StepPrograms | undefined;
  return {
    inputName: Object.keys(description.inputs)[0] as string,
    queue,
    newState,
    version,
    get programs() {
      programs ??= executions.steps(host.output(), outputPer);
      return programs;
    },
    async execute(batch, state, room) {
      const execution = begin(batch, state, 'streams', room);
      await execution.start();
      execution.takeStates();
      return onlyOutputOf(execution);
    },
    async read(batch, state, first, signal) {
      const execution = begin(batch, state, 'predict');
      await execution.start(signal);
      signal?.throwIfAborted(); // the call has been rejected, and its state stays
      return soundOutputs(execution, first);
    },
  };
}
