/** What the length of a text decides about the training of a language model. */
import type { TokenStreams } from '../../../data/streams.js';
import { trainingEpochs } from '../../building-blocks/training-length.js';
import type { Settings } from '../../definition/settings.js';

/** Windows that a pass over the text should have before there are more streams. */
const WINDOWS = 20;
const STREAMS = { fewest: 4, most: 50 } as const;

/** Optimizer steps of a training, and passes over the text: texts of a megabyte get ten, texts of a hundred one. */
const LENGTH = { steps: 4000, epochs: [1, 20] } as const;

/** Symbols of a text that is learnt by heart without dropout, and of one that is so in part. */
const SHORT = 500_000;
const MEDIUM = 5_000_000;

/** Parallel streams for a text of this many symbols. */
export function streamsFor(symbols: number, steps: number): number {
  const most = 2 ** Math.floor(Math.log2(Math.max(1, symbols / (steps * WINDOWS))));
  return Math.min(STREAMS.most, Math.max(STREAMS.fewest, most));
}

/** The options that the text decides, when it has been read. */
export function settleLanguageModel(
  training: TokenStreams,
  epochs: number | undefined,
  hasValidation: boolean,
): Settings<'epochs' | 'patience' | 'batch' | 'dropout'> {
  const symbols = training.predictions;
  const reason = `${symbols} symbols`;
  const dropout = symbols < SHORT ? 0.3 : symbols < MEDIUM ? 0.15 : 0;
  return {
    ...trainingEpochs(training.windows, LENGTH, epochs, { reason, hasValidation }),
    batch: { value: training.batch, reason },
    dropout: { value: dropout, reason },
  };
}
