/** A model that needs more memory than there is is refused before any memory is used. */
import { describe, expect, it } from 'vitest';
import { packSequences } from '../../src/batch/packed-batch.js';
import { adam, dense, lstm, sequential } from '../../src/index.js';
import { availableBytes, requireMemory } from '../../src/native/planned-memory.js';

const tooLarge = expect.objectContaining({ name: 'UsageError', code: 'too_large' });

describe('memory that there is not', () => {
  it.each([1e6, 1e8])('for an LSTM of %i units is refused with the planned bytes', (units) => {
    const network = sequential([lstm({ units }), dense({ units: 1 })], { features: 1 });
    const before = process.memoryUsage.rss();
    const compile = () => network.compileSync({ loss: 'meanSquaredError', optimizer: adam(), threads: 1 });
    expect(compile).toThrow(tooLarge);
    expect(compile).toThrow(/the model needs [\d.e+]+ GiB \(\d+(e\+\d+)? bytes\) of memory, there are/);
    expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 28);
  });

  it('for a batch is refused with the planned bytes, by predict, evaluate and train, and smaller batches go on', async () => {
    const model = sequential([lstm({ units: 64 }), dense({ units: 1 })], { features: 1 }).compileSync({
      loss: 'meanSquaredError',
      optimizer: adam(),
      threads: 1,
    });
    const batch = (steps: number) =>
      packSequences([new Float32Array(steps)], { features: 1, targets: [new Float32Array(steps)] });
    const before = process.env['BPTT_MEMORY'];
    process.env['BPTT_MEMORY'] = String(2 ** 22);
    try {
      const large = batch(20_000);
      const message = /the program for such a batch needs .* of memory, there are .*: make the batch, its sequences/;
      const calls = [() => model.predictPacked(large), () => model.evaluate(large), () => model.trainStep(large)];
      for (const call of calls) {
        await expect(call()).rejects.toThrow(tooLarge);
        await expect(call()).rejects.toThrow(message);
      }
      for (const call of [() => model.predictPackedSync(large), () => model.trainStepSync(large)])
        expect(call).toThrow(tooLarge);
      model.trainStepSync(batch(4));
      expect(model.predictPackedSync(batch(4))).toHaveLength(4);
      process.env['BPTT_MEMORY'] = '1 GB';
      expect(() => availableBytes()).toThrow(expect.objectContaining({ code: 'invalid_option' }));
    } finally {
      if (before === undefined) delete process.env['BPTT_MEMORY'];
      else process.env['BPTT_MEMORY'] = before;
      model.dispose();
    }
  });

  it('is compared with that of the machine or of its container', () => {
    expect(availableBytes()).toBeGreaterThan(2 ** 20);
    expect(() => requireMemory('it', 100, undefined, 100)).not.toThrow();
    expect(() => requireMemory('it', 101, undefined, 100)).toThrow(
      expect.objectContaining({ code: 'too_large', details: { what: 'it', bytes: 101, available: 100 } }),
    );
  });
});
