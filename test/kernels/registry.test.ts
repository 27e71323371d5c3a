import { describe, expect, it } from 'vitest';
import { operationsFingerprint } from '../../src/graph/generated/operations.js';
import { operations } from '../../src/graph/registry.js';
import { native } from '../../src/native/addon.js';
import { info } from '../../src/native/info.js';

describe('the registry of operations', () => {
  it('is that of the addon', () => {
    expect(native().operationsFingerprint()).toBe(operationsFingerprint);
  });

  it('writes in place only what is an output and an input of one size', () => {
    for (const { name, signature, inPlace } of operations.values()) {
      for (const [outputName, inputName] of Object.entries(inPlace)) {
        const output = signature.outputs.find((spec) => spec.name === outputName);
        const input = signature.inputs.find((spec) => spec.name === inputName);
        const size = (spec: typeof input) => ({ rows: spec?.rows, columns: spec?.columns, type: spec?.type });
        expect(size(output), `${name}.${outputName}`).toEqual(size(input));
        expect(output, `${name}.${outputName}`).toBeDefined();
      }
    }
  });

  it('is the same for the instruction set that BPTT_ISA forces', () => {
    const forced = process.env['BPTT_ISA'];
    expect(info().supported).toContain(info().isa);
    if (forced !== undefined && forced !== 'auto') expect(info().isa).toBe(forced);
  });
});
