/** The recurrent layers of a task's network, from its options. */
import { dropout } from '../../network/layers/dense.js';
import type { AnyLayer } from '../../network/layers/layers.js';
import { type PoolDescription, pool } from '../../network/layers/pool.js';
import { gru, lstm, type RecurrentDescription, type RecurrentOptions, rnn } from '../../network/layers/recurrent.js';
import type { CommonTable, SequenceTable } from '../definition/common-options.js';
import type { Checked } from '../definition/task-options.js';

const CELLS = { rnn, lstm, gru } as const;

/** How the steps of a sequence become one row; with `none` there is a row for every step. */
export type Pooling = 'none' | PoolDescription['over'];

/** The options of the recurrent layers. */
export type BodyOptions = Pick<Checked<CommonTable>, 'cell' | 'units' | 'layers' | 'dropout' | 'recurrent'> &
  Partial<Pick<Checked<SequenceTable>, 'direction'>>;

/**
 * The recurrent layers alone.
 *
 * @param more options that the task decides
 * @throws {OptionError} `invalid_option`, `unknown_option` for options that the recurrent layers do not have
 */
export function recurrentLayer(
  { cell, units, layers, dropout: rate, direction, recurrent }: BodyOptions,
  more: Partial<RecurrentOptions> = {},
): RecurrentDescription {
  // The constructor of the layer checks the options in `recurrent`.
  const all: RecurrentOptions = {
    ...{ units, layers, dropout: rate },
    ...(direction !== undefined && { direction }),
    ...(recurrent as object),
    ...more,
  };
  return CELLS[cell](all as never);
}

/** Recurrent layers, pooling over time, and dropout before the next layer. Throws as `recurrentLayer`. */
export function recurrentBody(options: BodyOptions, pooling: Pooling): readonly AnyLayer[] {
  const { dropout: rate } = options;
  return [
    recurrentLayer(options, pooling === 'last' ? { output: 'last' } : {}),
    ...(pooling === 'none' || pooling === 'last' ? [] : [pool({ over: pooling })]),
    ...(rate > 0 ? [dropout({ rate })] : []),
  ];
}
