/** A model that needs more memory than there is is refused before any memory is used. */
import { describe, expect, it } from 'vitest';
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

  it('is compared with that of the machine or of its container', () => {
    expect(availableBytes()).toBeGreaterThan(2 ** 20);
    expect(() => requireMemory('it', 100, 100)).not.toThrow();
    expect(() => requireMemory('it', 101, 100)).toThrow(
      expect.objectContaining({ code: 'too_large', details: { what: 'it', bytes: 101, available: 100 } }),
    );
  });
});
