/**
 * All errors that the library throws on purpose. There is one class for each kind. Each error has a stable `code` that
 * programs may compare, and its message names what is wrong, with both sizes or values.
 */

/** Extra facts of an error, each under a stable name, for programs rather than people. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** Longest message, UTF-16 units. Names and lines of files stand in messages, and a forged file may have names of any length. */
const MOST_MESSAGE = 4000;

/** A message with its begin and its end, where it would be longer. */
function bounded(message: string): string {
  if (message.length <= MOST_MESSAGE) return message;
  const half = MOST_MESSAGE / 2 - 2;
  return `${message.slice(0, half)}... ${message.slice(-half)}`;
}

/** Base of all errors of this library. `code` is stable between versions; `message` is for people and is not. */
export class BpttError extends Error {
  /** Stable identifier in snake_case, for example `shape_mismatch`. */
  readonly code: string;
  /** The values in the message. */
  readonly details: ErrorDetails;

  constructor(code: string, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(bounded(message), cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.details = details;
  }
}

/** Sizes that do not fit together. Codes: `shape_mismatch`, `rank_mismatch`, `length_mismatch`. */
export class ShapeError extends BpttError {}

/**
 * An option that is missing, unknown, NaN or outside its range. Codes: `invalid_option`, `unknown_option`, `unknown_layer`,
 * `unknown_loss`, `unknown_optimizer`, `unknown_schedule`.
 */
export class OptionError extends BpttError {}

/** An index (symbol id, class id) outside its table. Code: `index_out_of_range`. */
export class RangeIndexError extends BpttError {}

/**
 * Data that cannot be used. Codes: `empty_data`, `not_utf8`, `wrong_encoding`, `too_short`, `too_long`, `too_few_rows`, `file_unreadable`, `file_changed`,
 * `file_truncated`, `file_corrupt`, `file_unsupported`, `non_finite_data`, `invalid_row`, `line_counts_differ`, `mixed_examples`,
 * `mask_not_right_padded`, `invalid_weights`.
 */
export class DataError extends BpttError {}

/** A vocabulary that does not fit. Codes: `vocabulary_mismatch`, `unknown_symbol`, `invalid_vocabulary`. */
export class VocabularyError extends BpttError {}

/**
 * A checkpoint that cannot be read or written. Codes: `checkpoint_truncated`, `checkpoint_corrupt`,
 * `checkpoint_missing`, `checkpoint_unreadable`, `checkpoint_too_new`, `checkpoint_mismatch`, `checkpoint_write_failed`,
 * `unknown_layer`, `unknown_loss`, `unknown_optimizer`, `unknown_schedule`.
 */
export class CheckpointError extends BpttError {}

/**
 * A run directory, a configuration or a task that is not the expected one. Codes: `run_exists`, `run_locked`,
 * `configuration_mismatch`, `invalid_configuration`, `invalid_task`, `task_missing`, `task_unreadable`.
 */
export class ConfigurationError extends BpttError {}

/**
 * A number that is not finite. Codes: `non_finite_loss`, `non_finite_gradient`, `non_finite_update`, `non_finite_buffer`,
 * `non_finite_output`, `non_finite_state`, `non_finite_metric`.
 */
export class NumericError extends BpttError {}

/**
 * A call at the wrong moment, or for something that is not possible. Codes: `model_busy`, `model_disposed`, `state_mismatch`, `stream_closed`,
 * `duplicate_session`, `foreign_session`, `not_streamable`, `not_differentiable`, `not_trainable`, `not_a_value`, `too_large`, `invalid_definition`, `run_closed`.
 */
export class UsageError extends BpttError {}

/**
 * The native part is missing, refuses a program, or does not support the request on this machine. Codes:
 * `native_missing`, `native_outdated`, `addons_denied`, `invalid_program`, `isa_unsupported`, `no_thread`, `native_failed`.
 */
export class NativeError extends BpttError {}

/**
 * A file of another library that cannot be taken over exactly, or a model that cannot be written for one. Codes: `unknown_format`,
 * `unsupported_operator`, `unsupported_attribute`, `ambiguous_network`, `missing_tensor`, `unused_tensor`, `tensor_mismatch`,
 * `refused_global`, `missing_package`, `not_exportable`, `export_failed`.
 */
export class InterchangeError extends BpttError {}
