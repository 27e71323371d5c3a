import { describe, expect, it } from 'vitest';
import { Graph } from '../../../src/graph/graph.js';
import { type CtcOptions, ctcTarget, emitCtc, framesNeeded } from '../../../src/network/losses/ctc.js';

describe('a target', () => {
  it('is its labels and an end mark, which is all of an empty one', () => {
    expect(ctcTarget([3, 3, 1], { classes: 4 })).toEqual(Int32Array.of(3, 3, 1, -1));
    expect(ctcTarget([], { classes: 1 })).toEqual(Int32Array.of(-1));
    expect(ctcTarget(Int32Array.of(0), { classes: 3, blank: 2 })).toEqual(Int32Array.of(0, -1));
  });

  it.each([[[1, 4]], [[-1]], [[0]], [[1.5]], [[Number.NaN]]])('of the labels %j is refused', (labels) => {
    expect(() => ctcTarget(labels, { classes: 4 })).toThrow(expect.objectContaining({ code: 'index_out_of_range' }));
  });

  it('needs a frame for each label and a blank between equal ones', () => {
    expect([[], [1], [1, 2, 1], [1, 1], [2, 2, 2, 1, 1]].map(framesNeeded)).toEqual([0, 1, 3, 3, 8]);
    expect(ctcTarget([1, 1], { classes: 2, frames: 3 })).toHaveLength(3);
    expect(() => ctcTarget([1, 1], { classes: 2, frames: 2 })).toThrow(
      expect.objectContaining({ code: 'length_mismatch' }),
    );
  });
});

describe('the loss in a graph', () => {
  const emit = (options?: CtcOptions) => {
    const graph = new Graph();
    const logits = graph.external('logits', graph.steps('frames'), 5);
    const labels = graph.indices('labels', graph.steps('labels'), 5, { ignore: true });
    return emitCtc(graph, logits, labels, options);
  };

  it('has one number, and one for each sequence of frames', () => {
    const { loss, losses } = emit();
    expect(loss).toMatchObject({ rows: 1, columns: 1 });
    expect(losses).toMatchObject({ rows: { kind: 'batch', axis: 'frames' }, columns: 1 });
    expect(loss.node?.attributes).toEqual([0, 1, 0]);
  });

  it('hands its options to the operation', () => {
    const options = { blank: 4, reduction: 'perFrame', zeroInfinity: true } as const;
    expect(emit(options).loss.node?.attributes).toEqual([4, 3, 1]);
  });

  it.each([{ blank: 5 }, { blank: -1 }, { reduction: 'mean' }, { zeroInfinity: 1 }])('refuses %j', (options) => {
    expect(() => emit(options as CtcOptions)).toThrow(expect.objectContaining({ code: 'invalid_option' }));
    expect(() => emit({ blanks: 0 } as CtcOptions)).toThrow(expect.objectContaining({ code: 'unknown_option' }));
  });
});
