import { describe, expect, it } from 'vitest';
import { digestOf, digests, networkOf } from './networks.js';
import { exported } from './read-onnx.js';

describe('random networks', () => {
  it('are written as the files that ONNX Runtime was compared with', async () => {
    const found: Record<string, string> = {};
    const kinds = new Set<string>();
    for (const seed of Object.keys(digests)) {
      const { kind, model, settings } = await networkOf(seed);
      kinds.add(kind);
      const { file } = await exported(model, { ...settings, externalData: false });
      found[seed] = digestOf(file);
      model.dispose();
    }
    expect(found).toEqual(digests);
    expect([...kinds].sort()).toEqual(['cell', 'chain', 'joined', 'streaming', 'translation']);
    expect(Object.keys(digests).length).toBeGreaterThanOrEqual(100);
  });
});
