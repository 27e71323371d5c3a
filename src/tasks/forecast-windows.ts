/** Windows of a table: what is known at a moment, and what comes after it. */
import type { Examples } from '../data/examples.js';
import type { SequenceExample } from '../data/sequence-packing.js';

/** What a window is. */
export interface WindowForm {
  /** Steps that are known. */
  readonly history: number;
  /** Steps that are forecast. */
  readonly horizon: number;
  /** Columns of the table; those that are forecast come first. */
  readonly width: number;
  /** Number of columns that are forecast. */
  readonly targets: number;
  /** All steps in one output, or one step after the other. */
  readonly mode: 'direct' | 'autoregressive';
}

/**
 * The known steps as the network reads them: against the last one, or, where steps follow one by one, against the first one,
 * which stays where it is. A level that training never saw then changes nothing.
 *
 * @param rows [history * width]
 * @returns [history * width]
 */
export function relativeHistory(rows: Float32Array, { history, width, mode }: WindowForm): Float32Array {
  const origin = (mode === 'direct' ? history - 1 : 0) * width;
  return rows.map((value, at) => value - (rows[origin + (at % width)] as number));
}

/**
 * One window as an example. Direct: [history * width] -> [horizon * targets], the change against the last known step. Autoregressive: [(history + horizon - 1) * width] -> the change from each step to the next.
 *
 * @param rows [(history + horizon) * width]
 */
export function windowExample(rows: Float32Array, form: WindowForm): SequenceExample {
  const { history, horizon, width, targets, mode } = form;
  if (mode === 'direct') {
    const last = (history - 1) * width;
    const target = new Float32Array(horizon * targets);
    for (let at = 0; at < target.length; at++) {
      const column = at % targets;
      const step = history + Math.floor(at / targets);
      target[at] = (rows[step * width + column] as number) - (rows[last + column] as number);
    }
    return { input: relativeHistory(rows.subarray(0, history * width), form), target };
  }
  const known = rows.subarray(0, rows.length - width);
  const target = known.map((value, at) => (rows[at + width] as number) - value);
  return { input: relativeHistory(known, form), target };
}

/**
 * The windows of a table whose forecast steps are all within some rows; what is known may lie before them.
 *
 * @param rows [n * width] the whole table
 * @param begin first row that is forecast
 * @param end behind the last one
 */
export function windowsOf(rows: Float32Array, form: WindowForm, begin: number, end: number): Examples<SequenceExample> {
  const { history, horizon, width, mode } = form;
  const first = Math.max(begin, history);
  const example = (index: number) => {
    const at = first + index;
    return windowExample(rows.subarray((at - history) * width, (at + horizon) * width), form);
  };
  return {
    count: Math.max(0, end - horizon - first + 1),
    lengthOf: () => (mode === 'direct' ? history : history + horizon - 1),
    read: (indices) => Array.from(indices, example),
  };
}

/** What an example says beside the network: both against the last known step. */
export interface WindowTruth {
  /** [history * targets] the known steps. */
  readonly history: Float32Array;
  /** [horizon * targets] what came. */
  readonly future: Float32Array;
}

/** History and future of the columns that are forecast. */
export function truthOf({ input, target }: SequenceExample, form: WindowForm): WindowTruth {
  const { history, horizon, width, targets, mode } = form;
  const last = (history - 1) * width;
  const known = Float32Array.from({ length: history * targets }, (_, at) => {
    const column = at % targets;
    const step = Math.floor(at / targets);
    return (input[step * width + column] as number) - (input[last + column] as number);
  });
  if (mode === 'direct') return { history: known, future: target as Float32Array };
  // The changes from step to step, added up from the last known step on.
  const changes = (target as Float32Array).subarray(last);
  const future = new Float32Array(horizon * targets);
  for (let at = 0; at < future.length; at++) {
    future[at] = (changes[at] as number) + (at < targets ? 0 : (future[at - targets] as number));
  }
  return { history: known, future };
}
