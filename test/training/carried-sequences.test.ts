import { describe, expect, it } from 'vitest';
import { TokenStreams } from '../../src/data/streams.js';
import { type AnyLayer, conv1d, dense, embedding, gru, lstm, sequential, Trainer } from '../../src/index.js';
import { CarriedState } from '../../src/model/execute/carried-state.js';
import { firstCarriedState } from '../../src/training/carried-state.js';
import { readForTraining, readForValidation } from '../../src/training/training-data.js';
import { evaluateOn } from '../../src/training/validation.js';

const ids = Int32Array.from({ length: 80 }, (_, index) => (index * index) % 7);
const streams = new TokenStreams(ids, { batch: 2, steps: 10 });
const windows = [...streams];
const notStreamable = expect.objectContaining({ code: 'not_streamable', details: { layer: 'lstm' } });

const modelOf = (layer: AnyLayer) =>
  sequential([embedding({ size: 7, units: 3 }), layer, dense({ units: 7 })]).compileSync({ threads: 1 });

describe('states cannot be carried through a layer that looks at later steps', () => {
  const model = modelOf(lstm({ units: 4, direction: 'bidirectional' }));
  const trainer = new Trainer(model, { steps: 3, progress: false });

  it('when it trains on streams', async () => {
    await expect(trainer.fit(streams)).rejects.toThrow(notStreamable);
    await expect(trainer.fit(streams)).rejects.toThrow(/layer 'lstm' looks at later steps/);
    expect(model.step).toBe(0);
  });

  it('when it is validated on streams, which is said before the first step', async () => {
    await expect(trainer.fit({ training: windows, validation: streams })).rejects.toThrow(notStreamable);
    await expect(evaluateOn(model, readForValidation(streams))).rejects.toThrow(notStreamable);
    expect(model.step).toBe(0);
  });
});

describe('the state that a reader carries', () => {
  it('is zero for all streams, and none where batches stand alone', () => {
    const model = modelOf(gru({ units: 4 }));
    const state = firstCarriedState(model, readForTraining(streams, { seed: 1 }));
    expect(state?.batch).toBe(2);
    expect(state?.values).toEqual(new Map([['gru.h_l0', new Float32Array(8)]]));
    expect(firstCarriedState(model, readForTraining(windows, { seed: 1 }))).toBeUndefined();
  });

  it('is none for a network that looks at later steps when there is nothing to carry', () => {
    const newState = (batch: number) => CarriedState.zero(batch, new Map());
    const streamObstacle = { layer: 'pool', reason: 'laterSteps' } as const;
    expect(firstCarriedState({ newState, streamObstacle }, readForTraining(streams, { seed: 1 }))).toBeUndefined();
  });

  it('is not needed to train such a network on streams', async () => {
    const model = modelOf(conv1d({ units: 4, kernelSize: 3, padding: 'same' }));
    const { steps } = await new Trainer(model, { steps: 3, progress: false }).fit(streams);
    expect(steps).toBe(3);
  });

  it('goes through layers that look back alone', async () => {
    const model = modelOf(lstm({ units: 4 }));
    const { steps } = await new Trainer(model, { steps: 3, progress: false }).fit(streams);
    expect(steps).toBe(3);
  });
});
