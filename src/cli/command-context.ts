import type { Readable } from 'node:stream';
import type { ProgressReporter } from '../training/progress.js';
import type { Output } from './output.js';

/** The parts of the process that a command uses. */
export interface CommandContext {
  /** Standard input; a command that does not need it does not read it. */
  input(): Readable;
  /** Results, on standard output. */
  readonly output: Output;
  /** Aborted when the process receives a stop signal; its reason is a StopRequest. */
  readonly signal: AbortSignal;
  /** Shows the progress of a training, on standard error. */
  readonly progress: ProgressReporter;
  /** A line for people, on standard error. */
  note(line: string): void;
}
