import { describe, expect, it } from 'vitest';
import { Trainer } from '../../src/training/trainer.js';
import { newModel } from './toy-run.js';

const trainer = (callbacks: unknown) => () =>
  new Trainer(newModel(), { epochs: 1, progress: false, callbacks: callbacks as never });
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('callbacks', () => {
  it('of a name that is never called are refused, with the names that there are', () => {
    expect(trainer({ onEpoch: () => undefined })).toThrow(code('unknown_option'));
    expect(trainer([{ onStep: () => undefined }, { onValidationEnd: () => undefined }])).toThrow(
      "no callback 'onValidationEnd'; there are onStart, onStep, onValidation, onEpochEnd, onCheckpoint",
    );
    class Inherited {
      onStep(): void {}
    }
    expect(trainer(new (class extends Inherited {})())).not.toThrow();
  });

  it('that are no functions, and lists of what is none, are refused', () => {
    expect(trainer({ onStep: 1 })).toThrow(code('invalid_option'));
    for (const value of [1, null, 'x', [null], [() => undefined]])
      expect(trainer(value)).toThrow(code('invalid_option'));
  });

  it('may stand among other fields of an object', () => {
    expect(trainer({ seen: [], only: 1, onStep: () => undefined })).not.toThrow();
  });
});
