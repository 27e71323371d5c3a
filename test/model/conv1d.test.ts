/** Convolution in whole models: lengths that change, targets behind them, streams, carried states, decoders, files. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  add,
  checkGradients,
  conv1d,
  dense,
  embedding,
  gru,
  loadModel,
  lstm,
  type Model,
  network,
  networkFromJSON,
  packExamples,
  packSequences,
  pool,
  saveModel,
  sequential,
  sgd,
} from '../../src/index.js';
import { RandomOperands } from '../oracle/random-matrix.js';

const FEATURES = 3;

function sequencesOf(lengths: readonly number[], width = FEATURES): Float32Array[] {
  const random = new RandomOperands(lengths.length);
  return lengths.map((length) => Float32Array.from(random.matrix(length, width).data));
}

const lengths = [4, 9, 6, 9, 5];
const sequences = sequencesOf(lengths);

/** Two convolutions that shorten, with a recurrent layer behind: ceil(n / 2), then n - 1. */
function shortening() {
  const layers = [
    conv1d({ units: 5, kernelSize: 3, stride: 2, padding: 'same' }),
    conv1d({ units: 4, kernelSize: 2 }),
    gru({ units: 4 }),
    dense({ units: 2 }),
  ] as const;
  return sequential(layers, { features: FEATURES });
}

const shortened = lengths.map((length) => Math.ceil(length / 2) - 1);

describe('a model whose convolutions shorten its sequences', () => {
  it('predicts for each sequence what it predicts for it alone, as many steps as are left', async () => {
    const model = await shortening().compile({ loss: 'meanSquaredError' });
    const together = await model.predict(sequences);
    expect(together.map(({ length }) => length / 2)).toEqual(shortened);
    for (const [index, sequence] of sequences.entries()) {
      expect(await model.predict([sequence])).toEqual([together[index]]);
    }
    const { shape, lengths: steps } = await model.predict(sequences, { as: 'padded' });
    expect(shape).toEqual([5, Math.max(...shortened), 2]);
    expect([...steps]).toEqual(shortened);
  });

  it('is trained on targets of the steps that are left, plain or packed', async () => {
    const targets = sequencesOf(shortened, 2);
    const plain = await shortening().compile({ loss: 'meanSquaredError', seed: 3 });
    const packed = await shortening().compile({ loss: 'meanSquaredError', seed: 3 });
    const axis = plain.outputShapes.get('output')?.axis as string;
    const form = {
      inputs: { input: { width: FEATURES } },
      targets: { target: { axis, width: 2 } },
    };
    const batch = packExamples(
      sequences.map((input, index) => ({ input, target: targets[index] })),
      form,
    );
    expect(batch.axes).toBeUndefined();
    const loss = plain.evaluateSync({ inputs: sequences, targets });
    expect(packed.evaluateSync(batch)).toEqual(loss);
    // The mean over the targets of what each sequence has by itself.
    const each = sequences.map((input, index) =>
      plain.evaluateSync({ inputs: [input], targets: [targets[index] as Float32Array] }),
    );
    const sum = each.reduce((total, { loss: own, targets: count }) => total + own * count, 0);
    expect(loss.targets).toBe(shortened.reduce((total, steps) => total + steps, 0));
    expect(loss.loss).toBeCloseTo(sum / loss.targets, 5);
    expect(await plain.trainStep({ inputs: sequences, targets })).toEqual(await packed.trainStep(batch));
  });

  it('has gradients that agree with central differences', () => {
    const model = shortening().compileSync({ loss: 'meanSquaredError', seed: 5 });
    const axis = model.outputShapes.get('output')?.axis as string;
    const targets = sequencesOf(shortened, 2);
    const batch = packExamples(
      sequences.map((input, index) => ({ input, target: targets[index] })),
      { inputs: { input: { width: FEATURES } }, targets: { target: { axis, width: 2 } } },
    );
    const report = checkGradients(model, batch);
    expect(report.passed, String(report)).toBe(true);
    expect(report.operands.map(({ name }) => name)).toContain('conv1d.weight');
  });

  it('refuses targets of another length, and sequences that are too short, before anything has changed', async () => {
    const model = await shortening().compile({ loss: 'meanSquaredError' });
    const before = model.parameters.get('conv1d.weight')?.data.slice();
    const targets = sequencesOf(lengths, 2);
    await expect(model.trainStep({ inputs: sequences, targets })).rejects.toMatchObject({
      code: 'length_mismatch',
      details: { index: 0, actual: 4, expected: 1 },
    });
    const short = sequencesOf([4, 2, 9]);
    await expect(model.predict(short)).rejects.toMatchObject({
      code: 'too_short',
      message: expect.stringMatching(/sequence 1 has 1 step .* needs 2 .*'same' or 'causal'/),
      details: { sequence: 1, length: 1, expected: 2 },
    });
    await expect(model.trainStep({ inputs: short, targets: sequencesOf([1, 1, 4], 2) })).rejects.toMatchObject({
      code: 'too_short',
      details: { sequence: 1 },
    });
    expect(model.parameters.get('conv1d.weight')?.data).toEqual(before);
    expect(model.step).toBe(0);
  });

  it("refuses sizes of the convolution's own axis in a batch, in every execution", async () => {
    const model = await shortening().compile({ loss: 'meanSquaredError' });
    const batch = packSequences(sequences, { features: FEATURES });
    const axis = model.outputShapes.get('output')?.axis as string;
    const axes = { [axis]: { batchSizes: Int32Array.of(1) } };
    const targets = { target: new Float32Array(2 * shortened.reduce((sum, steps) => sum + steps, 0)) };
    const refused = { code: 'shape_mismatch', details: { name: `axes.${axis}` } };
    await expect(model.predict({ ...batch, axes })).rejects.toMatchObject(refused);
    await expect(model.predictPacked({ ...batch, axes })).rejects.toMatchObject(refused);
    await expect(model.trainStep({ ...batch, axes, targets })).rejects.toMatchObject(refused);
    await expect(model.gradients({ ...batch, axes, targets }, { of: ['input'] })).rejects.toMatchObject(refused);
    await expect(model.predictPacked({ ...batch, axes: { 'time/1:3': batch } })).rejects.toThrow(
      /'time\/1:3'.*'time'.*leave it out/,
    );
    expect(await model.evaluate({ ...batch, targets })).toMatchObject({ targets: targets.target.length / 2 });
  });

  it('adds outputs whose sequences were shortened in the same way, and pools them', async () => {
    const model = await network({
      inputs: { input: { kind: 'features', units: FEATURES } },
      nodes: [
        { name: 'wide', layer: conv1d({ units: 4, kernelSize: 5, stride: 2, padding: 'same' }), inputs: ['input'] },
        { name: 'narrow', layer: conv1d({ units: 4, kernelSize: 1, stride: 2 }), inputs: ['input'] },
        { name: 'sum', layer: add(), inputs: ['wide', 'narrow'] },
        { name: 'pool', layer: pool({ over: 'mean' }), inputs: ['sum'] },
      ],
      output: 'pool',
    }).compile();
    const results = await model.predict(sequences);
    expect(results.map(({ length }) => length)).toEqual(lengths.map(() => 4));
    const [alone] = await model.predict([sequences[1] as Float32Array]);
    expect(results[1]).toEqual(alone);
  });

  it('gives a CTC loss fewer frames', async () => {
    const layers = [conv1d({ units: 6, kernelSize: 3, stride: 2, padding: 'same' }), dense({ units: 4 })];
    const model = await sequential(layers, { features: FEATURES }).compile({ loss: { kind: 'ctc' } });
    const targets = [[1, 2], [1, 2, 3], [3], [2, 1], [1]];
    expect((await model.trainStep({ inputs: sequences, targets })).targets).toBe(5);
    // Five frames of nine steps are too few for six labels.
    const long = [...targets.slice(0, 1), [1, 2, 3, 1, 2, 3], ...targets.slice(2)];
    await expect(model.trainStep({ inputs: sequences, targets: long })).rejects.toMatchObject({
      details: { index: 1 },
    });
  });

  it('cannot be read step by step', async () => {
    const strided = [conv1d({ units: 2, kernelSize: 3, stride: 2, padding: 'causal' }), lstm({ units: 2 })];
    const same = [conv1d({ units: 2, kernelSize: 3, padding: 'same' })];
    const cases = [
      [strided, /leaves steps out, it has no output for each step/],
      [[conv1d({ units: 2, kernelSize: 1, stride: 2 })], /leaves steps out/],
      [same, /looks at later steps/],
      [[conv1d({ units: 2, kernelSize: 3 })], /looks at later steps/],
    ] as const;
    for (const [layers, reason] of cases) {
      const model = await sequential(layers, { features: FEATURES }).compile();
      expect(model.streamObstacle?.layer).toBe('conv1d');
      expect(() => model.stream()).toThrow(expect.objectContaining({ code: 'not_streamable' }));
      expect(() => model.stream()).toThrow(reason);
    }
  });

  it('pads with the zeros that it is told, for each sequence by itself, also where there are more outputs than steps', async () => {
    const cases = [
      [{ kernelSize: 3, padding: [1, 1] }, (n: number) => n],
      [{ kernelSize: 4, padding: [0, 2], stride: 2 }, (n: number) => Math.floor((n - 2) / 2) + 1],
      [{ kernelSize: 2, padding: [3, 0] }, (n: number) => n + 2],
      [{ kernelSize: 1, padding: [2, 5], stride: 3 }, (n: number) => Math.floor((n + 6) / 3) + 1],
    ] as const;
    for (const [options, outputs] of cases) {
      const layers = [conv1d({ units: 4, ...options }), gru({ units: 3 }), dense({ units: 2 })];
      const described = sequential(layers, { features: FEATURES });
      const model = await described.compile({ loss: 'meanSquaredError', seed: 7 });
      const together = await model.predict(sequences);
      expect(together.map(({ length }) => length / 2)).toEqual(lengths.map(outputs));
      for (const [index, sequence] of sequences.entries()) {
        expect(await model.predict([sequence])).toEqual([together[index]]);
      }
      const targets = sequencesOf(lengths.map(outputs), 2);
      expect((await model.trainStep({ inputs: sequences, targets })).targets).toBe(
        lengths.reduce((sum, n) => sum + outputs(n), 0),
      );
      const axis = model.outputShapes.get('output')?.axis as string;
      const form = { inputs: { input: { width: FEATURES } }, targets: { target: { axis, width: 2 } } };
      const batch = packExamples(
        sequences.map((input, index) => ({ input, target: targets[index] })),
        form,
      );
      const report = checkGradients(model, batch);
      expect(report.passed, String(report)).toBe(true);
      const json = JSON.parse(JSON.stringify(described.description));
      expect(networkFromJSON(json).description).toEqual(described.description);
    }
  });

  it('takes one step where zeros make up for the rest, and names the shortest sequence where they do not', async () => {
    const compiled = (padding: readonly [number, number]) =>
      sequential([conv1d({ units: 2, kernelSize: 4, padding })], { features: FEATURES }).compile();
    const [one] = sequencesOf([1]) as [Float32Array];
    expect((await (await compiled([2, 1])).predict([one])).map(({ length }) => length)).toEqual([2]);
    expect((await (await compiled([0, 3])).predict([one])).map(({ length }) => length)).toEqual([2]);
    await expect((await compiled([1, 0])).predict(sequencesOf([4, 2, 9]))).rejects.toMatchObject({
      code: 'too_short',
      details: { sequence: 1, length: 2, expected: 3 },
    });
  });

  it('has the axis of a named padding, and its bits, where the zeros are the same ones', async () => {
    const cases = [
      [{ kernelSize: 3, dilation: 2 }, 'same', [2, 2]],
      [{ kernelSize: 3, dilation: 2 }, 'causal', [4, 0]],
      [{ kernelSize: 4 }, 'valid', [0, 0]],
    ] as const;
    for (const [options, named, zeros] of cases) {
      const model = await network({
        inputs: { input: { kind: 'features', units: FEATURES } },
        nodes: [
          { name: 'named', layer: conv1d({ units: 4, ...options, padding: named }), inputs: ['input'] },
          { name: 'zeros', layer: conv1d({ units: 4, ...options, padding: zeros }), inputs: ['input'] },
          { name: 'sum', layer: add(), inputs: ['named', 'zeros'] },
        ],
        outputs: { named: 'named', zeros: 'zeros', sum: 'sum' },
      }).compile({ losses: { sum: 'meanSquaredError' } });
      for (const name of ['weight', 'bias']) {
        const from = model.parameters.get(`named.${name}`)?.data as Float32Array;
        model.parameters.get(`zeros.${name}`)?.data.set(from);
      }
      const results = await model.predictAll(sequences);
      expect(results['zeros']).toEqual(results['named']);
      expect(results['sum']).toEqual(results['named']?.map((each) => each.map((value) => 2 * value)));
    }
  });

  it('reads step by step with the zeros of the causal padding, and with no others', async () => {
    const build = (options: { kernelSize: number; padding: readonly [number, number]; stride?: number }) =>
      sequential([conv1d({ units: 2, ...options }), gru({ units: 2 })], { features: FEATURES }).compile();
    const model = await build({ kernelSize: 3, padding: [2, 0] });
    const [sequence] = sequences as [Float32Array];
    const [whole] = await model.predict([sequence]);
    const stream = model.stream();
    const steps = [0, 1, 2, 3].flatMap((at) => [...stream.step(sequence.slice(at * FEATURES, (at + 1) * FEATURES))]);
    expect(steps).toEqual([...(whole as Float32Array)]);
    const refused = [
      [{ kernelSize: 3, padding: [1, 1] }, /looks at later steps/],
      [{ kernelSize: 3, padding: [3, 0] }, /more outputs than a sequence has steps/],
      [{ kernelSize: 3, padding: [2, 1] }, /more outputs than a sequence has steps/],
      [{ kernelSize: 1, padding: [0, 1] }, /more outputs than a sequence has steps/],
      [{ kernelSize: 3, padding: [2, 0], stride: 2 }, /leaves steps out/],
    ] as const;
    for (const [options, reason] of refused) {
      const other = await build(options);
      expect(() => other.stream()).toThrow(reason);
    }
  });

  it.each([
    [[1], 'invalid_option'],
    [[1, -1], 'invalid_option'],
    [[0.5, 1], 'invalid_option'],
    [[0, 1_000_001], 'invalid_option'],
    [['1', 1], 'invalid_option'],
    ['full', 'invalid_option'],
    [3, 'invalid_option'],
    [null, 'invalid_option'],
  ])('refuses the padding %j', (padding, code) => {
    expect(() => conv1d({ units: 2, kernelSize: 3, padding: padding as never })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining('padding') }),
    );
  });

  it.each(['valid', 'same', 'causal'] as const)(
    'reads step by step with one step in the kernel, padding %s',
    async (padding) => {
      const layers = [conv1d({ units: 2, kernelSize: 1, dilation: 3, padding }), gru({ units: 2 })];
      const model = await sequential(layers, { features: FEATURES }).compile();
      const [sequence] = sequences as [Float32Array];
      const [whole] = await model.predict([sequence]);
      const stream = model.stream();
      const steps = [0, 1, 2, 3].flatMap((at) => [...stream.step(sequence.slice(at * FEATURES, (at + 1) * FEATURES))]);
      expect(steps).toEqual([...(whole as Float32Array)]);
    },
  );
});

/** Dilated causal convolutions and a recurrent layer. */
function causal() {
  const layers = [
    conv1d({ units: 6, kernelSize: 3, padding: 'causal' }),
    conv1d({ units: 6, kernelSize: 2, dilation: 4, groups: 6, padding: 'causal' }),
    gru({ units: 5 }),
    dense({ units: 2 }),
  ];
  return sequential(layers, { features: FEATURES });
}

describe('a model of causal convolutions', () => {
  it('reads a sequence step by step as it reads the whole, also after a snapshot', async () => {
    const model = await causal().compile();
    const [whole] = await model.predict([sequences[1] as Float32Array]);
    const stream = model.stream();
    const step = (at: number) => [
      ...stream.step((sequences[1] as Float32Array).slice(at * FEATURES, (at + 1) * FEATURES)),
    ];
    const rows = [0, 1, 2, 3, 4].flatMap(step);
    const snapshot = stream.snapshot();
    const later = [5, 6, 7, 8].flatMap(step);
    stream.restore(snapshot);
    expect([5, 6, 7, 8].flatMap(step)).toEqual(later);
    expect([...rows, ...later]).toEqual([...(whole as Float32Array)]);
    stream.reset();
    expect(step(0)).toEqual(rows.slice(0, 2));
  });

  it('carries its context from window to window, shorter than the kernel or not', async () => {
    const model = await causal().compile({ loss: 'meanSquaredError' });
    const [first, second] = [sequences[1] as Float32Array, sequences[3] as Float32Array];
    const whole = await model.predict([first, second]);
    for (const size of [1, 2, 5]) {
      const state = model.newState(2);
      expect(state.values.get('conv1d_1.context')).toHaveLength(2 * 4 * 6);
      const parts: number[][] = [[], []];
      for (let begin = 0; begin < 9; begin += size) {
        const windows = [first, second].map((each) => each.slice(begin * FEATURES, (begin + size) * FEATURES));
        const { batchSizes, inputs } = packSequences(windows, { features: FEATURES });
        const rows = await model.predictPacked({ batchSizes, inputs }, { state });
        for (let row = 0; row < rows.length / 2; row++) parts[row % 2]?.push(...rows.slice(2 * row, 2 * row + 2));
      }
      expect(parts).toEqual(whole.map((each) => [...each]));
    }
  });

  it('leaks nothing from sequence to sequence', async () => {
    const model = await causal().compile();
    const together = await model.predict(sequences);
    for (const [index, sequence] of sequences.entries()) {
      expect(await model.predict([sequence])).toEqual([together[index]]);
    }
  });

  it('has gradients that agree with central differences, of the carried context too', () => {
    const model = causal().compileSync({ loss: 'meanSquaredError', seed: 2 });
    const targets = sequencesOf(lengths, 2);
    const batch = packSequences(sequences, { features: FEATURES, targets, targetFeatures: 2 });
    const state = model.newState(5);
    const random = new RandomOperands(9);
    for (const [name, values] of state.values) {
      state.set(name, Float32Array.from(random.matrix(1, values.length).data));
    }
    const report = checkGradients(model, batch, { state });
    expect(report.passed, String(report)).toBe(true);
    expect(report.operands.map(({ name }) => name)).toContain('state:conv1d.context');
  });

  it('is the same in JSON and in a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bptt-conv1d-'));
    try {
      const model = await causal().compile({ optimizer: sgd({ learningRate: 0.1 }) });
      await model.trainStep({ inputs: sequences, targets: sequencesOf(lengths, 2) }).catch(() => undefined);
      await saveModel(model, join(folder, 'model.safetensors'));
      const { model: loaded } = (await loadModel(join(folder, 'model.safetensors'))) as { model: Model };
      expect(await loaded.predict(sequences)).toEqual(await model.predict(sequences));
      expect(loaded.parameters.get('conv1d.weight')?.shape).toEqual([6, 3, FEATURES]);
      const again = networkFromJSON(JSON.parse(JSON.stringify(model.description)));
      expect(again.description).toEqual(model.description);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('shows its parameters and lengths in the summary', () => {
    expect(causal().summary()).toMatch(/conv1d +conv1d +\[N, 6\] +60/);
    expect(shortening().summary()).toMatch(/conv1d_1 +conv1d +\[N, 4\] +time\/1:2\/2:1 +44/);
  });

  it('gives a decoder the steps before', async () => {
    const model = await network({
      inputs: { previous: { kind: 'indices', size: 5 } },
      nodes: [
        { name: 'embedding', layer: embedding({ size: 5, units: 4 }), inputs: ['previous'] },
        { name: 'conv', layer: conv1d({ units: 3, kernelSize: 3, padding: 'causal' }), inputs: ['embedding'] },
        { name: 'scores', layer: dense({ units: 5 }), inputs: ['conv'] },
      ],
      output: 'scores',
    }).compile();
    const tokens = [3, 1, 4, 2];
    const [whole] = await model.predict([tokens]);
    const decoder = await model.decoder({ inputs: {} }, { input: 'previous' });
    const rows: number[] = [];
    for (const token of tokens)
      rows.push(...(await decoder.step(Int32Array.of(token), Int32Array.of(0), Int32Array.of(0))));
    expect(rows).toEqual([...(whole as Float32Array)]);
  });
});

describe('conv1d', () => {
  it('refuses what cannot be', () => {
    const valid = { units: 4, kernelSize: 3 };
    const refused = expect.objectContaining({ code: 'invalid_option' });
    expect(() => conv1d({ ...valid, units: 0 })).toThrow(refused);
    expect(() => conv1d({ ...valid, kernelSize: 1.5 })).toThrow(refused);
    expect(() => conv1d({ ...valid, stride: 0 })).toThrow(refused);
    expect(() => conv1d({ ...valid, dilation: -1 })).toThrow(refused);
    expect(() => conv1d({ ...valid, groups: 3 })).toThrow(refused);
    expect(() => conv1d({ ...valid, padding: 'full' as 'same' })).toThrow(refused);
    expect(() => conv1d({ ...valid, strides: 2 } as never)).toThrow(
      expect.objectContaining({ code: 'unknown_option' }),
    );
    const groups = sequential([conv1d({ ...valid, groups: 2 })], { features: FEATURES });
    expect(() => groups.compileSync()).toThrow(expect.objectContaining({ code: 'shape_mismatch' }));
    const pooled = sequential([pool({ over: 'last' }), conv1d(valid)], { features: FEATURES });
    expect(() => pooled.compileSync()).toThrow(expect.objectContaining({ code: 'rank_mismatch' }));
  });
});
