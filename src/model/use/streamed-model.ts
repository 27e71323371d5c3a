/** What streams and groups of streams have in common: their models, options and states. */
import type { PlainForm } from '../../batch/plain-examples.js';
import { requireObject } from '../../core/arguments.js';
import { UsageError } from '../../core/errors.js';
import { describeValue, requireNumber } from '../../core/options.js';
import type { NetworkDescription } from '../../network/description.js';
import { notStreamable, type StreamObstacle } from '../build/causality.js';
import { type CarriedState, isState } from '../execute/carried-state.js';
import type { ExecutionOptions } from '../execute/execution-options.js';

/** The part of a model that a stream needs. */
export interface StreamedModel {
  readonly description: NetworkDescription;
  /** The first layer that cannot be read step by step. */
  readonly streamObstacle: StreamObstacle | undefined;
  /** The form of a sequence. */
  readonly plainForm: Pick<PlainForm, 'inputs'>;
  newState(batch: number): CarriedState;
  /** Numbers in a row of the output. */
  readonly outputs: number;
}

/** Options of asynchronous reads. */
export type StreamReadOptions = Pick<ExecutionOptions, 'signal'>;

/** Options of asynchronous steps. */
export interface StreamStepOptions extends StreamReadOptions {
  /** Memory for the outputs, as `into` of the synchronous call. It is written when the promise resolves. */
  readonly into?: Float32Array;
}

/** The state of a stream at one moment; a copy, which later steps do not change. */
export interface StreamState {
  readonly steps: number;
  readonly state: CarriedState;
}

/** The input of the steps of a model. @throws {UsageError} `state_mismatch` for several; `not_streamable` */
export function streamInput({ description, streamObstacle }: StreamedModel): string {
  const names = Object.keys(description.inputs);
  if (names.length !== 1) {
    const message = `a stream needs a model of one input, this one has ${names.length}: predict whole sequences`;
    throw new UsageError('state_mismatch', message, { inputs: names });
  }
  if (streamObstacle !== undefined) {
    throw notStreamable(streamObstacle, 'it has no streams; predict whole sequences');
  }
  return names[0] as string;
}

/** The numbers of a snapshot, checked in kind. @throws {UsageError} `state_mismatch`; {OptionError} `invalid_option` */
export function requireSnapshot(snapshot: StreamState): StreamState {
  const { state, steps } = requireObject('a snapshot', snapshot);
  if (!isState(state)) {
    const message = `restore takes what snapshot gave, got ${describeValue(snapshot)}`;
    throw new UsageError('state_mismatch', message, { value: snapshot });
  }
  return { state, steps: requireNumber('steps', steps, { integer: true, min: 0 }) };
}
