/** The default evaluation of a task. */
import type { JsonObject } from '../../core/json.js';
import type { Model } from '../../model/model.js';
import { readForValidation } from '../../training/training-data.js';
import { evaluateOn } from '../../training/validation.js';
import { batchesOf } from '../building-blocks/task-batches.js';
import type { RunTable } from '../definition/common-options.js';
import type { LossMetrics } from '../definition/default-results.js';
import type { AnyPart } from '../definition/parts.js';
import type { Packing, TaskContext } from '../definition/task.js';
import type { Checked } from '../definition/task-options.js';

/**
 * The mean loss of a part.
 *
 * @throws {NumericError} `non_finite_loss`
 * @throws the signal's reason when it is aborted
 */
export async function lossOfPart(
  task: { packing?(options: Checked<RunTable>, saved: JsonObject): Packing<never> },
  model: Model,
  part: AnyPart<unknown>,
  { options, saved, signal }: TaskContext,
): Promise<LossMetrics> {
  const batches = batchesOf(task, part, { options, saved, model });
  return { ...(await evaluateOn(model, readForValidation(batches), { signal })) };
}

/** Names and values in a line; numbers have five significant digits. */
export function describeMetrics(metrics: JsonObject): string {
  const text = (value: JsonObject[string] | undefined) => {
    if (typeof value === 'string') return value;
    if (typeof value !== 'number' || Number.isInteger(value)) return JSON.stringify(value);
    return value.toPrecision(5);
  };
  const known = Object.entries(metrics).filter(([, value]) => value !== undefined);
  return known.map(([name, value]) => `${name} ${text(value)}`).join('  ');
}
