/** How long to train: a budget in optimizer steps, so that small sets get enough of them and large ones few epochs. */
import type { ReasonedDefaults } from '../definition/reasoned.js';
import type { Settings } from '../definition/settings.js';

/** What a task knows of its training. */
export interface LengthRule {
  /** Optimizer steps that a training should have, if `epochs` allow it. */
  readonly steps: number;
  /** Fewest and most passes over the data. */
  readonly epochs: readonly [fewest: number, most: number];
  /** Largest batch. */
  readonly batch: number;
}

/** The part of the rule that tasks have in common, for their tables of defaults. */
export const LENGTH_RULES = {
  batch: {
    value: { fewest: 8, batches: 12 },
    reason:
      'sequences in a batch of the smallest sets, and batches that an epoch should have before a batch grows; chosen by custom, not measured',
  },
  patience: {
    value: { ofEpochs: 1 / 2, fewest: 6 },
    reason:
      'validations without a better score that are waited for: where the learning rate falls until the last epoch, the best score often comes late; a fifth of the epochs ended trainings too early',
  },
} as const satisfies ReasonedDefaults;

const { value: BATCH } = LENGTH_RULES.batch;
const { value: PATIENCE } = LENGTH_RULES.patience;

/** The options that `trainingLength` gives, when they are missing. */
export interface LengthOptions {
  readonly batch?: number | undefined;
  readonly tokens?: number | undefined;
  readonly epochs?: number | undefined;
}

/**
 * Epochs and patience of a training.
 *
 * @param perEpoch optimizer steps of an epoch
 * @param given epochs that somebody gave
 * @param about.reason what the number of steps follows from
 * @param about.hasValidation whether there is anything to wait for
 */
export function trainingEpochs(
  perEpoch: number,
  { steps, epochs: [fewest, most] }: Pick<LengthRule, 'steps' | 'epochs'>,
  given: number | undefined,
  { reason, hasValidation }: { readonly reason: string; readonly hasValidation: boolean },
): Settings<'epochs' | 'patience'> {
  const epochs = given ?? Math.min(most, Math.max(fewest, Math.ceil(steps / perEpoch)));
  const patience = hasValidation ? Math.max(PATIENCE.fewest, Math.ceil(epochs * PATIENCE.ofEpochs)) : 0;
  return {
    epochs: { value: epochs, reason: `${reason}: about ${perEpoch * epochs} steps` },
    patience: {
      value: patience,
      reason: hasValidation ? `half of ${epochs} epochs, at least ${PATIENCE.fewest}` : 'no validation part',
    },
  };
}

/**
 * Batch size, epochs and patience by the number of training sequences.
 *
 * @param examples sequences of the training part
 * @param given options that somebody gave
 * @param hasValidation whether there is anything to wait for
 */
export function trainingLength(
  examples: number,
  { batch: largest, ...length }: LengthRule,
  given: LengthOptions,
  hasValidation: boolean,
): Settings<'batch' | 'epochs' | 'patience'> {
  const reason = `${examples} training sequences`;
  const size = 2 ** Math.floor(Math.log2(Math.max(1, examples / BATCH.batches)));
  const batch = given.batch ?? Math.min(largest, Math.max(BATCH.fewest, size));
  return {
    ...(given.tokens === undefined && { batch: { value: batch, reason } }),
    ...trainingEpochs(Math.ceil(examples / batch), length, given.epochs, { reason, hasValidation }),
  };
}
