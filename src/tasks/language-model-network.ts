import { dense, dropout } from '../layers/dense.js';
import { embedding } from '../layers/embedding.js';
import { gru, lstm, rnn } from '../layers/recurrent.js';
import { type Network, sequential } from '../model/network.js';
import type { LanguageModelSettings } from './language-model-options.js';

const CELLS = { rnn, lstm, gru } as const;

/**
 * The network of a language model: embedding, recurrent layers, logits of the next symbol. Dropout acts between the
 * recurrent layers and before the logits, never from step to step (Zaremba, Sutskever, Vinyals 2014).
 *
 * @param symbols size of the vocabulary
 */
export function languageModelNetwork(
  symbols: number,
  settings: Pick<LanguageModelSettings, 'cell' | 'embedding' | 'units' | 'layers' | 'dropout'>,
): Network {
  const { cell, units, layers } = settings;
  return sequential([
    embedding({ size: symbols, units: settings.embedding }),
    CELLS[cell]({ units, layers, dropout: settings.dropout }),
    ...(settings.dropout > 0 ? [dropout({ rate: settings.dropout })] : []),
    dense({ units: symbols }),
  ]);
}
