import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { GradientRule } from '../../src/graph/gradient-rule.js';
import { gradientRules } from '../../src/graph/gradient-rules.js';
import {
  type AnyLayer,
  activation,
  type Batch,
  checkGradients,
  dense,
  dropout,
  embedding,
  gru,
  lstm,
  network,
  penalty,
  pool,
  sequential,
} from '../../src/index.js';
import { encoderDecoder, pairBatch, raggedPairs } from './encoder-decoder-models.js';
import { affine, centre, elman, highway, nested, residual } from './own-layers.js';
import { batchSizesOf, characterModel, imageOf, randomBatch, randomNumbers } from './small-models.js';

const LENGTHS = [4, 3, 1];
const ROWS = 8;

const batchOf = (columns: number, targets = ROWS): Batch => ({
  batchSizes: batchSizesOf(LENGTHS),
  inputs: { input: randomNumbers(ROWS * 5) },
  targets: { target: randomNumbers(targets * columns, 2) },
});

const compiled = (layers: readonly AnyLayer[]) =>
  sequential(layers, { features: 5 }).compileSync({ loss: 'meanSquaredError', threads: 1 });

describe('the gradients of a model', () => {
  it.each([
    ['a character model', () => checkGradients(characterModel({ layers: 2 }), randomBatch(LENGTHS))],
    [
      'layers of one’s own',
      () => checkGradients(compiled([highway(), elman({ units: 5 }), nested, centre()]), batchOf(5)),
    ],
    ['an affine map of one’s own', () => checkGradients(compiled([affine({ units: 3 })]), batchOf(3))],
    [
      'noise and penalties while training',
      () => {
        const noisy = lstm({ units: 4, zoneout: 0.2, recurrentDropout: 0.3, weightDropout: 0.2, activationPenalty: 1 });
        const layers = [
          dropout({ rate: 0.3 }),
          noisy,
          penalty({ temporal: 2 }),
          residual({ layer: affine({ units: 4 }), rate: 0.4 }),
        ];
        return checkGradients(compiled(layers), batchOf(4), { training: true });
      },
    ],
    [
      'one output for a sequence',
      () => checkGradients(compiled([gru({ units: 4 }), pool({ over: 'max' })]), batchOf(4, 3)),
    ],
    [
      'attention over the steps of a sequence',
      () => checkGradients(compiled([gru({ units: 4 }), pool({ over: 'attention', units: 3 })]), batchOf(4, 3)),
    ],
    ['kinks', () => checkGradients(compiled([dense({ units: 4 }), activation('relu')]), batchOf(4))],
    ['several time axes', () => checkGradients(encoderDecoder().compileSync(), pairBatch(raggedPairs()))],
  ])('agree with central differences: %s', (_, check) => {
    const report = check();
    expect(report.failures).toEqual([]);
    expect(report.passed).toBe(true);
    expect(report.operands.length).toBeGreaterThan(1);
    expect(report.operands.every(({ changes }) => changes >= 2)).toBe(true);
  });

  it('are those of parameters, inputs and initial states, at the state that is given', () => {
    const model = compiled([lstm({ units: 3 })]);
    const before = imageOf(model);
    const state = model.newState(3);
    for (const values of state.values.values()) values.set(randomNumbers(values.length));
    const held = state.clone();
    const report = checkGradients(model, batchOf(3), { state, elements: 3 });
    expect(report.passed).toBe(true);
    expect(report.operands.map(({ name, kind }) => [kind, name])).toEqual([
      ...[...model.parameters.keys()].map((name) => ['parameter', name]),
      ['input', 'input'],
      ['state', 'state:lstm.h_l0'],
      ['state', 'state:lstm.c_l0'],
    ]);
    expect(report.operands.map(({ elements }) => elements)).toEqual([60, 36, 12, 12, 40, 9, 9]);
    expect(report.objective).toBeCloseTo(model.evaluateSync(batchOf(3), { state: held.clone() }).loss, 5);
    expect(state.values).toEqual(held.values);
    expect(imageOf(model)).toEqual(before);
  });

  it('are reported where they are wrong, and the report can be read', () => {
    const rules = gradientRules as Map<string, GradientRule>;
    const right = rules.get('tanh') as GradientRule;
    try {
      rules.set('tanh', (context) => ({ x: context.gradient('y' as never) }));
      const report = checkGradients(compiled([dense({ units: 3 }), activation('tanh')]), batchOf(3));
      expect(report.passed).toBe(false);
      expect(report.failures.map(({ name }) => name)).toEqual(['dense.weight', 'dense.bias', 'input']);
      expect(inspect(report)).toMatch(
        /^gradients DISAGREE.*\nFAIL dense\.weight +parameter, 15 numbers, error .*gradient .*difference/,
      );
      expect(report.failures.every(({ error }) => error > 1e-3)).toBe(true);
    } finally {
      rules.set('tanh', right);
    }
    const report = checkGradients(compiled([dense({ units: 3 }), activation('tanh')]), batchOf(3));
    expect(String(report)).toMatch(/^gradients agree .*\nok {3}dense\.weight/);
  });

  it('are not right where the objective is not finite', () => {
    const model = compiled([dense({ units: 3 })]);
    const batch = batchOf(3);
    (batch.targets?.['target'] as Float32Array)[0] = 3e38;
    model.parameters.get('dense.bias')?.data.fill(Number.NaN);
    expect(checkGradients(model, batch).passed).toBe(false);
  });

  it('are refused for a batch or an option that is none', () => {
    const model = compiled([dense({ units: 3 })]);
    expect(() => checkGradients(model, batchOf(2))).toThrow(/target 'target' has 16 entries, expected 24/);
    expect(() => checkGradients(model, batchOf(3), { tolerance: 0 })).toThrow(/tolerance/);
    expect(() => checkGradients(model, batchOf(3), { step: 1 } as never)).toThrow(/step/);
    expect(() => checkGradients(model, batchOf(3), { state: {} as never })).toThrow(/newState/);
  });

  it('need an embedding’s indices no gradient of their own', () => {
    const model = network({
      inputs: { ids: { kind: 'indices', size: 4 } },
      nodes: [{ name: 'embedding', layer: embedding({ size: 4, units: 2 }), inputs: ['ids'] }],
      output: 'embedding',
    }).compileSync({ loss: 'meanSquaredError' });
    const report = checkGradients(model, {
      batchSizes: Int32Array.of(2, 1),
      inputs: { ids: Int32Array.of(1, 3, 1) },
      targets: { target: randomNumbers(6) },
    });
    expect(report.operands.map(({ name }) => name)).toEqual(['embedding.weight']);
    expect(report.passed).toBe(true);
  });
});
