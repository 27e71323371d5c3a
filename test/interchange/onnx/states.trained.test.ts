import { describe, expect, it } from 'vitest';
import { importModel } from '../../../src/interchange/import-model.js';
import { step } from './lstm-step.js';
import { onnxFile } from './onnx-file.js';

const sequence = [
  [0.5, -1],
  [2, 0.25],
  [-0.75, 1.5],
  [0, 1],
];

describe('a model of an ONNX file', () => {
  it('trains on', async () => {
    const { model } = await importModel(onnxFile(step));
    const targets = [sequence.map(() => [0.1, -0.2, 0.3])];
    const { loss: before } = await model.evaluate({ inputs: [sequence], targets });
    for (let at = 0; at < 20; at++) await model.trainStep({ inputs: [sequence], targets }, { learningRate: 0.02 });
    expect((await model.evaluate({ inputs: [sequence], targets })).loss).toBeLessThan(before);
    model.dispose();
  });
});
