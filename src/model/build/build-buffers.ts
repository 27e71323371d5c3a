/** What buffers hold after a training step, and the check that all of it is finite. */
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import type { BufferUpdate } from './build-forward.js';
import { beforeStep, finiteCheck } from './build-update.js';

/** A buffer that a training step changes. */
export interface CheckedBuffer {
  readonly layer: string;
  /** Name of the buffer. */
  readonly buffer: string;
  /** [1, 1]: 0 where all of the new value is finite, else NaN. */
  readonly check: Value;
}

/**
 * Emits the new values of all buffers, from the old ones.
 *
 * @returns `condition`: the loss where all new values are finite, else NaN, so that the step changes nothing; `replace`, which
 *   emits the change itself, behind the optimizer
 */
export function buildBufferUpdates(graph: Graph, updates: readonly BufferUpdate[], loss: Value) {
  const values = updates.map(({ buffer, value }) => ({ w: buffer, value: beforeStep(graph, value) }));
  const checked = updates.map(({ layer, buffer }, at): CheckedBuffer => {
    const check = finiteCheck(graph, (values[at] as { value: Value }).value);
    return { layer, buffer: buffer.name as string, check };
  });
  const condition = checked.reduce((a, { check: b }) => graph.apply('add', { a, b }).y, loss);
  const replace = (norm: Value) => {
    for (const { w, value } of values) graph.apply('replace', { w, value, norm });
  };
  return { condition, checked, replace };
}
