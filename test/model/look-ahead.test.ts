import { describe, expect, it } from 'vitest';
import { type AnyLayer, dense, embedding, gru, lstm, pool, rnn, sequential } from '../../src/index.js';
import { SYMBOLS } from './small-models.js';

const modelOf = (...layers: readonly AnyLayer[]) =>
  sequential([embedding({ size: SYMBOLS, units: 3 }), ...layers, dense({ units: SYMBOLS })]).compileSync();

const notStreamable = (layer: string) => expect.objectContaining({ code: 'not_streamable', details: { layer } });

describe('a network with a layer that looks at later steps', () => {
  it.each([
    ['a bidirectional LSTM', 'lstm', [lstm({ units: 4, direction: 'bidirectional' })]],
    ['a GRU in reverse', 'gru', [gru({ units: 4, direction: 'reverse' })]],
    ['a reverse layer behind others', 'rnn', [gru({ units: 4 }), rnn({ units: 4, direction: 'reverse' })]],
    ['the maximum over time', 'pool', [lstm({ units: 4 }), pool({ over: 'max' })]],
    ['the mean over time', 'pool', [lstm({ units: 4 }), pool({ over: 'mean' })]],
  ] as const)('has no streams: %s', (_, layer, layers) => {
    const model = modelOf(...layers);
    expect(model.lookAheadLayer).toBe(layer);
    expect(() => model.stream()).toThrow(notStreamable(layer));
    const symbols = { size: SYMBOLS, joinedBy: '', encode: () => new Int32Array(), decodeSymbol: String };
    expect(() => model.sampleStream(symbols)).toThrow(notStreamable(layer));
    expect(() => model.sample(symbols)).toThrow(notStreamable(layer));
  });

  it('is none where all layers go forward', () => {
    const model = modelOf(lstm({ units: 4 }), gru({ units: 4, direction: 'forward' }), pool({ over: 'last' }));
    expect(model.lookAheadLayer).toBeUndefined();
    expect(model.stream().steps).toBe(0);
  });
});
