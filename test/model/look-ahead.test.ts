import { describe, expect, it } from 'vitest';
import { type AnyLayer, dense, embedding, gru, lstm, network, pool, rnn, sequential } from '../../src/index.js';
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
    ['attention over time', 'pool', [lstm({ units: 4 }), pool({ over: 'attention' })]],
  ] as const)('has no streams: %s', (_, layer, layers) => {
    const model = modelOf(...layers);
    expect(model.streamObstacle?.layer).toBe(layer);
    expect(() => model.stream()).toThrow(notStreamable(layer));
    const symbols = { size: SYMBOLS, joinedBy: '', encode: () => new Int32Array(), decodeSymbol: String };
    expect(() => model.sampleStream(symbols)).toThrow(notStreamable(layer));
    expect(() => model.sample(symbols)).toThrow(notStreamable(layer));
  });

  it('is none where all layers go forward', () => {
    const model = modelOf(lstm({ units: 4 }), gru({ units: 4, direction: 'forward' }), pool({ over: 'last' }));
    expect(model.streamObstacle?.layer).toBeUndefined();
    expect(model.stream().steps).toBe(0);
  });

  it.each([
    ['is none where the output does not depend on that layer', 'ahead', undefined],
    ['is the first one that the output depends on, also through others', 'behind', 'backwards'],
  ] as const)('%s', (_, output, layer) => {
    const model = network({
      inputs: { input: { kind: 'features', units: 2 } },
      nodes: [
        { name: 'unread', layer: pool({ over: 'mean' }), inputs: ['input'] },
        { name: 'backwards', layer: gru({ units: 3, direction: 'reverse' }), inputs: ['input'] },
        { name: 'ahead', layer: gru({ units: 3 }), inputs: ['input'] },
        { name: 'behind', layer: dense({ units: 3 }), inputs: ['backwards'] },
      ],
      output,
    }).compileSync({ loss: 'meanSquaredError', threads: 1 });
    expect(model.streamObstacle?.layer).toBe(layer);
    if (layer !== undefined) return expect(() => model.stream()).toThrow(notStreamable(layer));
    const input = Float32Array.of(1, 2, 3, 4);
    const whole = model.predictPackedSync({ batchSizes: Int32Array.of(1, 1), inputs: { input } });
    const stream = model.stream();
    expect([0, 2].flatMap((at) => [...stream.step(input.slice(at, at + 2))])).toEqual([...whole]);
  });
});
