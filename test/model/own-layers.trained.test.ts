import { describe, expect, it } from 'vitest';
import {
  type AnyLayer,
  type Batch,
  defineLayer,
  dense,
  embedding,
  lstm,
  network,
  networkFromJSON,
  option,
  pool,
  rnn,
  sequential,
  sgd,
} from '../../src/index.js';
import { scale } from '../../src/network/operations.js';
import { affine, centre, elman, highway, nested, residual } from './own-layers.js';
import { batchSizesOf, bitsOf, imageOf, randomBatch, randomNumbers, SYMBOLS } from './small-models.js';

const LENGTHS = [5, 4, 2, 1];
const ROWS = 12;
const features = (columns: number, seed = 1): Batch => ({
  batchSizes: batchSizesOf(LENGTHS),
  inputs: { input: randomNumbers(ROWS * columns, seed) },
  targets: { target: randomNumbers(ROWS * 2, seed + 1) },
});

const modelOf = (layers: readonly AnyLayer[], options = {}) =>
  sequential(layers, { features: 5 }).compileSync({
    loss: 'meanSquaredError',
    optimizer: sgd({ learningRate: 0.1 }),
    threads: 1,
    ...options,
  });

describe('a layer of one’s own', () => {
  it('has frozen plain JSON for a description, with its defaults', () => {
    const layer = highway();
    expect(layer).toEqual({ kind: 'highway', bias: -1 });
    expect(Object.isFrozen(layer)).toBe(true);
    expect(JSON.parse(JSON.stringify(residual({ layer: affine({ units: 5 }) })))).toEqual({
      kind: 'residual',
      layer: { kind: 'affine', units: 5 },
      rate: 0,
    });
  });

  it('trains as the layer of the library that does the same, bit for bit', () => {
    const [own, built] = [affine({ units: 2 }), dense({ units: 2 })].map((layer) => modelOf([layer]));
    for (const [name, { data }] of built?.parameters ?? []) {
      own?.parameters.get(name.replace('dense', 'affine'))?.data.set(data);
    }
    for (let step = 0; step < 3; step++) {
      const batch = features(5, step);
      expect(own?.trainStepSync(batch)).toEqual(built?.trainStepSync(batch));
    }
    expect(bitsOf(own?.parameters.get('affine.weight')?.data as Float32Array)).toBe(
      bitsOf(built?.parameters.get('dense.weight')?.data as Float32Array),
    );
  });

  it('computes what its operations say', () => {
    const model = sequential([highway()], { features: 2 }).compileSync({ loss: 'meanSquaredError', threads: 1 });
    const at = (name: string, index: number) => model.parameters.get(`highway.${name}`)?.data[index] as number;
    expect([...(model.parameters.get('highway.gate_bias')?.data ?? [])]).toEqual([-1, -1]);
    const x = [0.5, -0.75];
    const output = model.predictPackedSync({ batchSizes: Int32Array.of(1), inputs: { input: Float32Array.from(x) } });
    for (const unit of [0, 1]) {
      const sum = (name: string) => at(name, 2 * unit) * (x[0] as number) + at(name, 2 * unit + 1) * (x[1] as number);
      const candidate = Math.tanh(sum('weight') + at('bias', unit));
      const gate = 1 / (1 + Math.exp(-(sum('gate') + at('gate_bias', unit))));
      expect(output[unit]).toBeCloseTo((x[unit] as number) * (1 - gate) + gate * candidate, 6);
    }
  });

  it('carries a state through windows and streams as a recurrent layer does', () => {
    const own = modelOf([elman({ units: 4 }), dense({ units: 2 })]);
    const built = modelOf([rnn({ units: 4, biases: 'none' }), dense({ units: 2 })]);
    const names = { 'elman.input': 'rnn.weight_ih_l0', 'elman.recurrent': 'rnn.weight_hh_l0' };
    for (const [name, other] of Object.entries({
      ...names,
      'dense.weight': 'dense.weight',
      'dense.bias': 'dense.bias',
    })) {
      own.parameters.get(name)?.data.set(built.parameters.get(other)?.data as Float32Array);
    }
    expect([...own.stateSizes]).toEqual([['elman.h', 4]]);
    const [state, other] = [own.newState(4), built.newState(4)];
    for (let window = 0; window < 3; window++) {
      const { loss } = own.trainStepSync(features(5, window), { state });
      expect(loss).toBeCloseTo(built.trainStepSync(features(5, window), { state: other }).loss, 6);
    }
    const batch = { batchSizes: Int32Array.of(1, 1, 1), inputs: { input: randomNumbers(15) } };
    const whole = own.predictPackedSync(batch);
    const stream = own.stream();
    const steps = [0, 5, 10].flatMap((at) => [...stream.step(batch.inputs.input.slice(at, at + 5))]);
    expect(steps).toEqual([...whole]);
  });

  it('may wrap other layers, whose parameters and states get names of their own', () => {
    const model = modelOf([nested, dense({ units: 2 })]);
    const inner = 'residual.residual.lstm';
    expect([...model.parameters.keys()]).toEqual([
      ...['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0'].map((name) => `${inner}.${name}`),
      'dense.weight',
      'dense.bias',
    ]);
    expect([...model.stateSizes.keys()]).toEqual([`${inner}.h_l0`, `${inner}.c_l0`]);
    const before = model.evaluateSync(features(5)).loss;
    for (let step = 0; step < 20; step++) model.trainStepSync(features(5));
    expect(model.evaluateSync(features(5)).loss).toBeLessThan(before * 0.9);
  });

  it('adds to its input what the layer inside gives', () => {
    const wrapped = sequential([residual({ layer: lstm({ units: 5 }) })], { features: 5 });
    const plain = sequential([lstm({ units: 5 })], { features: 5 });
    const [a, b] = [wrapped, plain].map((each) => each.compileSync({ loss: 'meanSquaredError', threads: 1 }));
    for (const [name, { data }] of b?.parameters ?? []) a?.parameters.get(`residual.${name}`)?.data.set(data);
    const batch = features(5);
    const x = batch.inputs['input'] as Float32Array;
    const y = b?.predictPackedSync(batch) as Float32Array;
    expect([...(a?.predictPackedSync(batch) ?? [])]).toEqual([
      ...x.map((value, index) => value + (y[index] as number)),
    ]);
  });

  it('draws dropout only while it is trained', () => {
    const model = modelOf([residual({ layer: affine({ units: 5 }), rate: 0.5 }), dense({ units: 2 })]);
    const losses = [1, 2].map(() => model.evaluateSync(features(5)).loss);
    expect(losses[0]).toBe(losses[1]);
    model.parametersChanged();
    const first = model.trainStepSync(features(5), { learningRate: 0 }).loss;
    const second = model.trainStepSync(features(5), { learningRate: 0 }).loss;
    expect(new Set([first, second, losses[0]]).size).toBe(3);
  });

  it('is read step by step unless it brings a whole sequence to its steps', () => {
    expect(modelOf([highway(), elman({ units: 3 })]).streamObstacle?.layer).toBeUndefined();
    const model = modelOf([elman({ units: 3 }), centre(), dense({ units: 2 })]);
    expect(model.streamObstacle?.layer).toBe('centre');
    expect(() => model.stream()).toThrow(expect.objectContaining({ code: 'not_streamable' }));
  });

  it('gives states to other nodes, and takes them, where it declares them', () => {
    const description = {
      inputs: { input: { kind: 'features', units: 3 } },
      nodes: [
        { name: 'first', layer: elman({ units: 4 }), inputs: ['input'] },
        { name: 'second', layer: elman({ units: 4 }), inputs: ['input'], states: { h: 'first.h' } },
        { name: 'out', layer: pool({ over: 'last' }), inputs: ['second'] },
      ],
      output: 'out',
    } as const;
    const model = network(description).compileSync({ loss: 'meanSquaredError' });
    expect([...model.stateSizes.keys()]).toEqual(['first.h']);
    const wrong = {
      ...description,
      nodes: [{ name: 'out', layer: centre(), inputs: ['input'], states: { h: 'input' } }],
    };
    expect(() => network(wrong)).toThrow(/its layer has none/);
  });

  it('works in a decoder', async () => {
    const model = network({
      inputs: { previous: { kind: 'indices', size: SYMBOLS } },
      nodes: [
        { name: 'embedding', layer: embedding({ size: SYMBOLS, units: 3 }), inputs: ['previous'] },
        { name: 'elman', layer: elman({ units: 4 }), inputs: ['embedding'] },
        { name: 'highway', layer: highway(), inputs: ['elman'] },
        { name: 'dense', layer: dense({ units: SYMBOLS }), inputs: ['highway'] },
      ],
      output: 'dense',
    }).compileSync({ threads: 1 });
    const ids = Int32Array.of(1, 2, 3);
    const whole = model.predictPackedSync({ batchSizes: Int32Array.of(1, 1, 1), inputs: { previous: ids } });
    const decoder = await model.decoder({ inputs: {} }, { input: 'previous' });
    const zero = Int32Array.of(0);
    const steps: number[] = [];
    for (const id of ids) steps.push(...(await decoder.step(Int32Array.of(id), zero, zero)));
    expect(steps).toEqual([...whole]);
  });
});

describe('a network with a layer of one’s own', () => {
  const made = sequential([embedding({ size: SYMBOLS, units: 5 }), nested, highway(), dense({ units: SYMBOLS })]);
  const json = JSON.parse(JSON.stringify(made.description));

  it('comes back from JSON with the definitions, and trains on to the same bits', () => {
    const restored = networkFromJSON(json, { layers: [residual, highway] });
    expect(restored.description).toEqual(made.description);
    const [a, b] = [made, restored].map((each) => each.compileSync({ threads: 1 }));
    for (const model of [a, b]) model?.trainStepSync(randomBatch([3, 2]));
    expect(imageOf(a as never)).toEqual(imageOf(b as never));
  });

  it('is refused without them, with the name and the option', () => {
    const refused = (code: string, text: RegExp) =>
      expect.objectContaining({ code, message: expect.stringMatching(text) });
    expect(() => networkFromJSON(json)).toThrow(refused('unknown_layer', /'residual' is unknown.*'layers'/));
    expect(() => networkFromJSON(json, { layers: [residual] })).toThrow(refused('unknown_layer', /'highway'/));
    expect(() => sequential([json.nodes[1].layer, dense({ units: 2 })], { features: 5 })).toThrow(
      refused('unknown_layer', /'residual'/),
    );
    expect(() => networkFromJSON(json, { layers: [lstm as never] })).toThrow(/layers\[0\].*defineLayer/);
    expect(() => networkFromJSON(json, { layers: 'highway' as never })).toThrow(/list of what defineLayer/);
  });

  it('is refused when one name has two definitions, also inside another layer', () => {
    const other = defineLayer({ name: 'highway', build: ([x]) => scale(x, 2) });
    const twice = /two definitions of layers named 'highway'/;
    expect(() => sequential([highway(), other()], { features: 2 })).toThrow(twice);
    expect(() => sequential([highway(), residual({ layer: other() })], { features: 2 })).toThrow(twice);
    expect(() => networkFromJSON(json, { layers: [residual, highway, other] })).toThrow(/two layers named 'highway'/);
  });

  it('checks its options', () => {
    expect(() => affine({} as never)).toThrow(/layer 'affine' needs option 'units'/);
    expect(() => affine({ units: 0 })).toThrow(/'units' must be an integer >= 1, got 0/);
    expect(() => affine({ units: 2, bias: true } as never)).toThrow(
      expect.objectContaining({ code: 'unknown_option' }),
    );
    const bad = { ...json, nodes: [{ ...json.nodes[2], layer: { kind: 'highway', bias: 'low' } }] };
    expect(() => networkFromJSON(bad, { layers: [highway] })).toThrow(/'bias' must be a finite number, got "low"/);
    expect(() => residual({ layer: { units: 3 } as never })).toThrow(/'layer' must be the description of a layer/);
    const loose = { isRequired: true, check: (_: string, value: unknown) => value } as const;
    const anything = defineLayer({ name: 'anything', options: { value: loose }, build: ([x]) => x });
    expect(anything({ value: { list: [1, null, 'x'] } })).toEqual({
      kind: 'anything',
      value: { list: [1, null, 'x'] },
    });
    for (const value of [Float32Array.of(1), () => 1, new Map(), Number.NaN]) {
      expect(() => anything({ value })).toThrow(/'value' must be plain JSON/);
    }
  });

  it('takes the options that their makers describe', () => {
    const every = defineLayer({
      name: 'every',
      options: {
        choice: option.choice(['a', 'b'], { default: 'b' }),
        flag: option.flag({ default: true }),
        list: option.numbers({ min: 0, default: [1, 2] }),
        maybe: option.optional(option.number()),
      },
      build: ([x]) => x,
    });
    expect(every()).toEqual({ kind: 'every', choice: 'b', flag: true, list: [1, 2] });
    expect(every({ maybe: 3, list: [], flag: false, choice: 'a' })).toMatchObject({ maybe: 3, list: [], flag: false });
    expect(() => every({ list: [1, -1] })).toThrow(/list\[1\]/);
    expect(() => every({ choice: 'c' as never })).toThrow(/one of "a", "b"/);
  });
});
