import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import type { SequenceExample } from '../../src/batch/sequence-packing.js';
import type { Examples } from '../../src/data/examples.js';
import { SequenceBatches } from '../../src/data/sequence-batches.js';
import { all, numbered, targets } from './numbered-examples.js';

describe('examples that are drawn anew', () => {
  const count = 40;
  const drawn = (epoch?: number): Examples<SequenceExample> => {
    const own = numbered(count, epoch === undefined ? 99 : epoch + 1);
    return {
      count,
      lengthOf: (index) => own[index]?.input.length ?? 0,
      read: (all) => Array.from(all, (at) => own[at] as SequenceExample),
    };
  };
  const examples = { ...drawn(), inEpoch: ({ epoch }: { epoch: number }) => drawn(epoch) };
  const source = new SequenceBatches(examples, { batch: 8 });
  const lengths = (batches: readonly Batch[]) => batches.map(({ inputs }) => inputs['input']?.length);

  it('are those of the epoch in training, and always the same ones in the fixed order', async () => {
    const first = await all(source.batches({ seed: 1, epoch: 0 }));
    const steps = (batches: readonly Batch[]) =>
      lengths(batches).reduce<number>((sum, length) => sum + (length ?? 0), 0);
    expect(steps(first)).toBe(numbered(count, 1).reduce((sum, { input }) => sum + input.length, 0));
    expect(steps(await all(source.batches({ seed: 1, epoch: 4 })))).toBe(
      numbered(count, 5).reduce((sum, { input }) => sum + input.length, 0),
    );
    expect(steps(await all(source))).toBe(numbered(count, 99).reduce((sum, { input }) => sum + input.length, 0));
    expect(first.flatMap(targets).sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, at) => at));
  });

  it('go on with the very next batch after a resume', async () => {
    const whole = await all(source.batches({ seed: 1, epoch: 2 }));
    expect(await all(source.batches({ seed: 1, epoch: 2 }, 3))).toEqual(whole.slice(3));
  });

  it('leave the number of batches open where their steps decide it', () => {
    expect(source.batchesPerEpoch('training')).toBe(5);
    const byTokens = new SequenceBatches(examples, { tokens: 50 });
    expect(byTokens.batchesPerEpoch('training')).toBeUndefined();
    expect(byTokens.batchesPerEpoch('fixed')).toBeGreaterThan(1);
  });

  it('must be as many in every epoch', async () => {
    const fewer = { ...drawn(), inEpoch: () => ({ ...drawn(1), count: count - 1 }) };
    const wrong = all(new SequenceBatches(fewer, { batch: 8 }).batches({ seed: 1, epoch: 0 }));
    await expect(wrong).rejects.toThrow(/39 examples, expected 40/);
  });
});
