import type { Readable } from 'node:stream';
import type { Output } from './output.js';

/** What a command has of the process around it. */
export interface CommandContext {
  /** Standard input; a command that does not ask for it leaves it alone. */
  input(): Readable;
  /** Results, on standard output. */
  readonly output: Output;
  /** Aborted when the process is asked to stop; its reason is a StopRequest. */
  readonly signal: AbortSignal;
  /** A line for people, on standard error. */
  note(line: string): void;
}
