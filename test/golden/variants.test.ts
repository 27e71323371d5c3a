import { describe, expect, it } from 'vitest';
import { loadGoldens } from './load.js';
import { testRecurrentGolden } from './recurrent-golden.js';

describe.each(loadGoldens('recurrent').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  testRecurrentGolden(golden);
});

describe('the goldens of recurrent variants', () => {
  const names = loadGoldens('recurrent').map(({ name }) => name);

  it('hold every cell in two directions, also without biases, of one step, of one sequence', () => {
    const kinds = ['rnn_tanh', 'rnn_relu', 'lstm', 'gru', 'lstm_projected'];
    const endings = ['', '_no_bias', '_one_step', '_one_sequence'];
    const wanted = kinds.flatMap((kind) => endings.map((ending) => `${kind}_bidirectional${ending}`));
    expect(names).toEqual(expect.arrayContaining(wanted));
  });

  it('hold every cell without biases and the projected LSTM in one direction, and the penalties', () => {
    const cells = ['rnn_tanh', 'rnn_relu', 'lstm', 'gru', 'lstm_projected'];
    const wanted = [...cells.map((cell) => `${cell}_no_bias`), 'lstm_projected'];
    expect(names).toEqual(expect.arrayContaining([...wanted, 'lstm_penalty', 'gru_bidirectional_penalty']));
  });
});
