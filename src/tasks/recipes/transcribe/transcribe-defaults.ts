/** What the sounds decide about the training of the task `transcribe`. */
import { type LengthOptions, type LengthRule, trainingLength } from '../../building-blocks/training-length.js';
import type { Settings } from '../../definition/settings.js';
import type { Utterances } from './transcribe-data.js';
import { ALONE_FRAMES, FEW_SOUNDS } from './transcribe-sound.js';

interface Kind {
  readonly why: string;
  /** The first few hundred steps pass before a network writes anything but blanks. */
  readonly length: LengthRule;
  readonly layers: number;
  readonly dropout: number;
  readonly mask: number;
}

/** Single words, and recordings that are so few that they are changed anew in every epoch. */
const SHORT: Kind = {
  why: 'sounds of a word, or few of them',
  length: { steps: 2500, epochs: [20, 100], batch: 16 },
  ...{ layers: 1, dropout: 0.2, mask: 0 },
};

/**
 * Sentences, spelled words, strings of numbers. On 853 recordings of 74 synthetic voices (44 minutes, other voices in the test part; seed 1)
 * one layer learns them by heart: training loss 0.005, validation loss 1.06 at best. The lowest validation losses and the state of the training:
 *
 * | layers | dropout | mask | validation loss | test, word error rate |
 * |---|---|---|---|---|
 * | 1 | 0.2 | 0 | 1.06 in epoch 17 of 47, then 1.2 | 33.2 % |
 * | 1 | 0.4 | 1 | 1.02 in epoch 42 of 47; too small for its masks | 35.2 % |
 * | 2 | 0.4 | 0 | 0.78 in epoch 23 of 35, then 0.84 | 26.4 % |
 * | 2 | 0.4 | 1 | 0.49 in epoch 45 of 60, where it was stopped | 25.0 % |
 */
const LONG: Kind = {
  why: 'sounds of a second and more',
  length: { steps: 3200, epochs: [20, 100], batch: 16 },
  ...{ layers: 2, dropout: 0.4, mask: 1 },
};

/** The options that the sounds decide. */
export function settleTranscription(
  given: LengthOptions & { readonly stack: number },
  training: Utterances,
  hasValidation: boolean,
): Settings<'epochs' | 'batch' | 'patience' | 'layers' | 'dropout' | 'mask'> {
  const { why, length, layers, dropout, mask } = kindOf(given.stack, training);
  const because = (value: number) => ({ value, reason: why });
  return {
    ...trainingLength(training.count, length, given, hasValidation),
    ...{ layers: because(layers), dropout: because(dropout), mask: because(mask) },
  };
}

function kindOf(stack: number, { count, lengthOf }: Utterances): Kind {
  let frames = 0;
  for (let at = 0; at < count; at++) frames += stack * lengthOf(at);
  return count >= FEW_SOUNDS && frames / count >= ALONE_FRAMES ? LONG : SHORT;
}
