import { dense, dropout } from '../layers/dense.js';
import { embedding } from '../layers/embedding.js';
import { gru, lstm, rnn } from '../layers/recurrent.js';
import { type Network, sequential } from '../model/network.js';
import type { LanguageModelSettings } from './language-model-options.js';

const CELLS = { rnn, lstm, gru } as const;

/**
 * The network of a language model: embedding, recurrent layers, logits of the next symbol. Dropout acts between the
 * recurrent layers and before the logits, never from step to step (Zaremba, Sutskever, Vinyals 2014); `recurrent` has
 * the other kinds of it.
 *
 * @param symbols size of the vocabulary
 * @throws {OptionError} `invalid_option`, `unknown_option` for what the recurrent layers do not take
 */
export function languageModelNetwork(
  symbols: number,
  settings: Pick<LanguageModelSettings, 'cell' | 'embedding' | 'units' | 'layers' | 'dropout' | 'recurrent'>,
): Network {
  const { cell, units, layers, dropout: rate, recurrent } = settings;
  // The maker of the layer checks what is in it.
  const options = { units, layers, dropout: rate, ...(recurrent as object) };
  return sequential([
    embedding({ size: symbols, units: settings.embedding }),
    CELLS[cell](options),
    ...(rate > 0 ? [dropout({ rate })] : []),
    dense({ units: symbols }),
  ]);
}
