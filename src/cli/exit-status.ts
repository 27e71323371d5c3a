import { CommanderError } from 'commander';
import {
  BpttError,
  CheckpointError,
  ConfigurationError,
  DataError,
  NativeError,
  OptionError,
  RangeIndexError,
  ShapeError,
  VocabularyError,
} from '../core/errors.js';
import { oneLine, printable } from '../core/one-line.js';
import { errorPlace } from './error-place.js';
import { StopRequest } from './stop-request.js';

/** Exit statuses of the command line. After a signal it is 128 + the signal's number. */
export const EXIT = { success: 0, failed: 1, badUse: 2 } as const;

/** Errors that are caused by the user's input. */
const BAD_INPUT = [
  OptionError,
  DataError,
  VocabularyError,
  ConfigurationError,
  CheckpointError,
  RangeIndexError,
  ShapeError,
] as const;

/** The exit status for an error. */
export function exitStatus(error: unknown): number {
  if (error instanceof StopRequest) return error.status;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.success : EXIT.badUse;
  if (!(error instanceof BpttError) || error.code === 'checkpoint_write_failed') return EXIT.failed;
  if (error instanceof NativeError) return error.code === 'isa_unsupported' ? EXIT.badUse : EXIT.failed;
  // The options of the layers ask for the one, a stream of a task that has none for the other.
  if (error.code === 'too_large' || error.code === 'not_streamable') return EXIT.badUse;
  return BAD_INPUT.some((kind) => error instanceof kind) ? EXIT.badUse : EXIT.failed;
}

/** The line for an error: `bptt: error [code]: message`. For an error of another library it has its place, too. */
export function errorLine(error: unknown): string {
  const code = error instanceof BpttError ? error.code : 'internal';
  const message = error instanceof Error ? error.message : String(error);
  const place = error instanceof BpttError ? undefined : errorPlace(error);
  const line = printable(oneLine(message));
  return `bptt: error [${code}]: ${line}${place === undefined ? '' : ` (${place})`}`;
}
