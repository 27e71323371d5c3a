import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as operations from '../../../src/entries/operations.js';
import * as bptt from '../../../src/index.js';
import type { ExportOnnxOptions } from '../../../src/interchange/export-onnx/export-onnx.js';
import type { Model } from '../../../src/model/model.js';
import { exported } from './read-onnx.js';

interface Case {
  readonly kind: string;
  readonly model: Model;
  readonly settings: ExportOnnxOptions;
}

const golden = (name: string) => new URL(`../golden/${name}`, import.meta.url);
const { caseOf } = (await import(golden('onnx-networks.mjs').href)) as {
  caseOf(library: object, operations: object, seed: number): Promise<Case | undefined>;
};
const { digestOf } = (await import(golden('onnx-digest.mjs').href)) as { digestOf(file: object): string };
const digests: Readonly<Record<string, string>> = JSON.parse(readFileSync(golden('onnx_exports.json'), 'utf8'));

describe('random networks', () => {
  it('are written as the files that ONNX Runtime was compared with', async () => {
    const found: Record<string, string> = {};
    const kinds = new Set<string>();
    for (const seed of Object.keys(digests)) {
      const { kind, model, settings } = (await caseOf(bptt, operations, Number(seed))) as Case;
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
