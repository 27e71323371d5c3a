/** The loss of a run, for people. */
import type { ModelLoss } from '../network/output-losses.js';

/**
 * The name of a loss, with its fields as JSON if it has any.
 *
 * @returns undefined for a loss that is only a name: most tasks have the usual one
 */
export function describeLoss(loss: ModelLoss): string | undefined {
  if (typeof loss === 'string') return undefined;
  const isName = 'kind' in loss && typeof loss.kind === 'string' && Object.keys(loss).length === 1;
  return isName ? loss.kind : JSON.stringify(loss);
}
