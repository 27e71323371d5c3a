import { expect, it } from 'vitest';
import { describeLoss } from '../../src/cli/describe-loss.js';

it('names a loss, with its fields if it has any', () => {
  expect(describeLoss('softmaxCrossEntropy')).toBeUndefined();
  expect(describeLoss({ kind: 'ctc' })).toBe('ctc');
  expect(describeLoss({ kind: 'softmaxCrossEntropy', weights: 'step' })).toBe(
    '{"kind":"softmaxCrossEntropy","weights":"step"}',
  );
});
