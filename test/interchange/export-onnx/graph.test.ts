import { describe, expect, it } from 'vitest';
import { ByteVocabulary } from '../../../src/data/byte-vocabulary.js';
import { operations } from '../../../src/graph/registry.js';
import { EMITTERS } from '../../../src/interchange/export-onnx/emitters.js';
import { network, sequential } from '../../../src/model/network.js';
import { attention } from '../../../src/network/layers/attention.js';
import { conv1d } from '../../../src/network/layers/conv1d.js';
import { dense } from '../../../src/network/layers/dense.js';
import { embedding } from '../../../src/network/layers/embedding.js';
import { concatenate } from '../../../src/network/layers/merge.js';
import { operation } from '../../../src/network/layers/operation.js';
import { pool } from '../../../src/network/layers/pool.js';
import { gru, lstm, rnn } from '../../../src/network/layers/recurrent.js';
import type { LstmOptions } from '../../../src/network/layers/recurrent-options.js';
import { attributeOf, endsOf, exported, nodesOf, operatorsOf } from './read-onnx.js';

const loss = { loss: 'meanSquaredError' } as const;

const tagger = () =>
  sequential([embedding({ size: 9, units: 3 }), lstm({ units: 4 }), dense({ units: 2 })]).compileSync(loss);

describe('an exported graph', () => {
  it('has an emitter for every operation of a network that predicts, and for no other', () => {
    const forward = [...operations.values()].filter(({ role }) => ['forward', 'packing', 'source'].includes(role));
    expect(Object.keys(EMITTERS).sort()).toEqual(forward.map(({ name }) => name).sort());
  });

  it('says what the file is', async () => {
    const { file } = await exported(tagger());
    expect(file).toMatchObject({ irVersion: 8n, producerName: 'bptt', opsetImport: [{ domain: '', version: 17n }] });
    expect(file.producerVersion).toMatch(/^\d+\.\d+\.\d+/);
  });

  it.each([
    [17, 8],
    [18, 8],
    [21, 10],
    [25, 13],
  ])('has the opset %i in the form %i', async (opset, ir) => {
    const pooled = sequential([gru({ units: 2 }), pool({ over: 'max' }), dense({ units: 1 })], { features: 1 });
    const { file, graph } = await exported(pooled.compileSync(loss), { opset });
    expect([file.opsetImport[0]?.version, file.irVersion]).toEqual([BigInt(opset), BigInt(ir)]);
    const [largest] = nodesOf(graph, 'ReduceMax');
    expect(largest?.input).toHaveLength(opset < 18 ? 1 : 2);
  });

  it('reads padded steps with their lengths, and writes zeros behind them', async () => {
    const { graph, result } = await exported(tagger());
    expect(result.notes).toEqual([]);
    expect(endsOf(graph.input)).toEqual({ input: 'type7 time batch', lengths: 'type7 batch' });
    expect(endsOf(graph.output)).toEqual({ output: 'float time batch 2' });
    expect(result.inputs).toEqual([
      { name: 'input', type: 'int64', dimensions: ['time', 'batch'] },
      { name: 'lengths', type: 'int64', dimensions: ['batch'] },
    ]);
    expect(result.outputs).toEqual([{ name: 'output', type: 'float32', dimensions: ['time', 'batch', 2] }]);
    expect(operatorsOf(graph).filter((operator) => operator === 'Where')).toHaveLength(1);
    expect(nodesOf(graph, 'LSTM')[0]?.input[4]).not.toBe('');
  });

  it('has the batch first, where that is asked for', async () => {
    const { graph } = await exported(tagger(), { batchFirst: true });
    expect(endsOf(graph.input)).toEqual({ input: 'type7 batch time', lengths: 'type7 batch' });
    expect(endsOf(graph.output)).toEqual({ output: 'float batch time 2' });
  });

  it('has no lengths and no masks, where sequences are as long as the tensors', async () => {
    const { graph } = await exported(tagger(), { lengths: false });
    expect(endsOf(graph.input)).toEqual({ input: 'type7 time batch' });
    expect(operatorsOf(graph)).not.toContain('Where');
    expect(nodesOf(graph, 'LSTM')[0]?.input).toHaveLength(4);
  });

  it('has states in and out, where that is asked for', async () => {
    const { graph, result } = await exported(tagger(), { states: true });
    expect(Object.keys(endsOf(graph.input))).toEqual(['input', 'lengths', 'lstm.h_l0', 'lstm.c_l0']);
    expect(endsOf(graph.output)).toMatchObject({
      'lstm.h_l0.final': 'float batch 4',
      'lstm.c_l0.final': 'float batch 4',
    });
    expect(result.names).toEqual({
      inputs: { input: 'input' },
      lengths: { time: 'lengths' },
      outputs: { output: 'output' },
      initialStates: { 'lstm.h_l0': 'lstm.h_l0', 'lstm.c_l0': 'lstm.c_l0' },
      finalStates: { 'lstm.h_l0': 'lstm.h_l0.final', 'lstm.c_l0': 'lstm.c_l0.final' },
    });
  });

  it('is one step with states, where that is asked for', async () => {
    const { graph } = await exported(tagger(), { stateful: true });
    expect(endsOf(graph.input)).toEqual({
      input: 'type7 batch',
      'lstm.h_l0': 'float batch 4',
      'lstm.c_l0': 'float batch 4',
    });
    expect(endsOf(graph.output)).toMatchObject({ output: 'float batch 2', 'lstm.h_l0.final': 'float batch 4' });
    expect(operatorsOf(graph)).not.toContain('Where');
  });

  it('has sizes and lengths of its own for each time axis, also for those that layers make', async () => {
    const described = network({
      inputs: {
        source: { kind: 'features', units: 2, axis: 'source' },
        previous: { kind: 'features', units: 2 },
        who: { kind: 'features', units: 1, per: 'sequence' },
      },
      nodes: [
        { name: 'fewer', layer: conv1d({ units: 4, kernelSize: 3, stride: 2 }), inputs: ['source'] },
        { name: 'encoder', layer: gru({ units: 4 }), inputs: ['fewer'] },
        { name: 'both', layer: concatenate(), inputs: ['previous', 'who'] },
        { name: 'decoder', layer: gru({ units: 4 }), inputs: ['both'], states: { h_l0: 'encoder.h_l0' } },
        { name: 'context', layer: attention({ score: 'dot' }), inputs: ['decoder', 'encoder'] },
        { name: 'words', layer: dense({ units: 3 }), inputs: ['context'] },
      ],
      outputs: { words: 'words', encoded: 'encoder' },
    });
    const model = described.compileSync({ losses: { words: 'meanSquaredError', encoded: 'meanSquaredError' } });
    const { graph, result } = await exported(model);
    expect(endsOf(graph.input)).toEqual({
      source: 'float source batch 2',
      previous: 'float time batch 2',
      who: 'float batch 1',
      lengths: 'type7 batch',
      'lengths.source': 'type7 batch',
    });
    expect(result.names.lengths).toEqual({ time: 'lengths', source: 'lengths.source' });
    expect(endsOf(graph.output)).toEqual({ words: 'float time batch 3', encoded: 'float source_3_2 batch 4' });
  });

  it('has a name of its own for the size of each axis', async () => {
    const axes = { x: 'batch', y: 'a b', z: 'a-b' };
    const inputs = Object.entries(axes).map(([name, axis]) => [name, { kind: 'features', units: 1, axis }] as const);
    const described = network({
      inputs: { main: { kind: 'features', units: 1 }, ...Object.fromEntries(inputs) },
      nodes: [
        ...Object.keys(axes).map((name) => ({ name: `of_${name}`, layer: pool({ over: 'last' }), inputs: [name] })),
        { name: 'all', layer: concatenate(), inputs: ['main', 'of_x', 'of_y', 'of_z'] },
      ],
      output: 'all',
    });
    const { graph } = await exported(described.compileSync(loss));
    const [x, y, z] = ['float batch_1 batch 1', 'float a_b batch 1', 'float a_b_1 batch 1'];
    expect(endsOf(graph.input)).toMatchObject({ x, y, z });
  });

  it('has a single step for each sequence, where no input has steps', async () => {
    const described = network({
      inputs: { who: { kind: 'features', units: 2, per: 'sequence' } },
      nodes: [
        { name: 'steps', layer: operation('repeatOverTime'), inputs: ['who'] },
        { name: 'gru', layer: gru({ units: 3 }), inputs: ['steps'] },
      ],
      output: 'gru',
    });
    const { graph } = await exported(described.compileSync(loss));
    expect(endsOf(graph.input)).toEqual({ who: 'float batch 2' });
    expect(endsOf(graph.output)).toEqual({ output: 'float 1 batch 3' });
  });

  it('gives names that are taken, or that not all readers take, another form', async () => {
    const described = network({
      inputs: { lengths: { kind: 'features', units: 2 } },
      nodes: [{ name: 'größe 1', layer: dense({ units: 2 }), inputs: ['lengths'] }],
      output: 'größe 1',
    });
    const { graph, result } = await exported(described.compileSync(loss));
    expect(Object.keys(endsOf(graph.input))).toEqual(['lengths', 'lengths_1']);
    expect(result.names).toMatchObject({ inputs: { lengths: 'lengths' }, lengths: { time: 'lengths_1' } });
    expect(graph.initializer.map(({ name }) => name)).toContain('gr_e_1.weight');
  });

  it('keeps the network, a vocabulary and other data with it', async () => {
    const model = sequential([
      embedding({ size: 256, units: 2 }),
      gru({ units: 2 }),
      dense({ units: 256 }),
    ]).compileSync();
    const vocabulary = new ByteVocabulary();
    const { file } = await exported(model, { vocabulary, configuration: { mean: [0.5] } });
    const metadata = Object.fromEntries(file.metadataProps.map(({ key, value }) => [key, JSON.parse(value)]));
    expect(metadata['bptt'].network).toEqual(JSON.parse(JSON.stringify(model.description)));
    expect(metadata['vocabulary']).toEqual(JSON.parse(JSON.stringify(vocabulary.toJSON())));
    expect(metadata['configuration']).toEqual({ mean: [0.5] });
  });
});

describe('a cell', () => {
  const operatorsFor = async (options: Partial<LstmOptions>) => {
    const model = sequential([lstm({ units: 3, ...options })], { features: 2 }).compileSync(loss);
    return nodesOf((await exported(model)).graph, 'LSTM');
  };

  it('is one operator of each direction, without nodes for the product of its input', async () => {
    const wide = sequential([lstm({ units: 2, direction: 'bidirectional', layers: 2 })], { features: 5 }).compileSync(
      loss,
    );
    const { graph } = await exported(wide);
    expect(nodesOf(graph, 'LSTM').map((node) => attributeOf(node, 'direction'))).toEqual([
      ...['forward', 'reverse', 'forward', 'reverse'],
    ]);
    expect(operatorsOf(graph)).not.toContain('MatMul');
  });

  it('has its activations with their numbers', async () => {
    const options = { gateActivation: 'hardSigmoid02', activation: 'relu', outputActivation: 'identity' } as const;
    const [node] = await operatorsFor(options);
    expect(attributeOf(node as never, 'activations')).toEqual(['HardSigmoid', 'Relu', 'Affine']);
    expect(attributeOf(node as never, 'activation_alpha')).toEqual([0.2, 1].map(Math.fround));
    expect(attributeOf(node as never, 'activation_beta')).toEqual([0.5, 0]);
  });

  it('has the limit of what activations read, and the numbers of those that have some', async () => {
    const [node] = await operatorsFor({
      inputClip: 2.5,
      gateActivation: { name: 'elu', alpha: 0.5 },
      activation: { name: 'scaledTanh', alpha: 2, beta: 0.75 },
      outputActivation: 'softplus',
    });
    expect(attributeOf(node as never, 'clip')).toBe(2.5);
    expect(attributeOf(node as never, 'activations')).toEqual(['Elu', 'ScaledTanh', 'Softplus']);
    expect(attributeOf(node as never, 'activation_alpha')).toEqual([0.5, 2]);
    expect(attributeOf(node as never, 'activation_beta')).toEqual([0.75]);
    const [usual] = await operatorsFor({});
    expect(usual?.attribute.map(({ name }) => name)).not.toContain('clip');
  });

  it('that is a loop limits what gates and candidate read', async () => {
    const options = {
      units: 3,
      projection: 2,
      inputClip: 0.5,
      activation: { name: 'affine', alpha: 2, beta: 1 },
    } as const;
    const model = sequential([lstm(options)], { features: 2 }).compileSync(loss);
    const operators = operatorsOf((await exported(model)).graph).join(' ');
    expect(operators.match(/Clip/g)).toHaveLength(4);
    expect(operators).not.toContain('Affine');
  });

  it('has coupled gates and peepholes', async () => {
    const [node] = await operatorsFor({ coupledGates: true, peepholes: true });
    expect(attributeOf(node as never, 'input_forget')).toBe(1);
    expect(node?.input).toHaveLength(8);
  });

  it.each([[true, 1] as const, [false, 0] as const])(
    'of a GRU with resetAfter %s has linear_before_reset %i',
    async (resetAfter, expected) => {
      const model = sequential([gru({ units: 2, resetAfter })], { features: 2 }).compileSync(loss);
      const [node] = nodesOf((await exported(model)).graph, 'GRU');
      expect(attributeOf(node as never, 'linear_before_reset')).toBe(expected);
    },
  );

  it.each([
    { cellClip: 1 },
    { projection: 2 },
    { layerNormalization: true },
    { zoneout: 0.1 },
    { zoneout: { cell: 0.1 } },
  ] satisfies Partial<LstmOptions>[])('is a loop with %o, which no operator has', async (options) => {
    const model = sequential([lstm({ units: 3, layers: 2, ...options })], { features: 2 }).compileSync(loss);
    const { graph, result } = await exported(model);
    const [option] = Object.keys(options);
    const note = `'lstm' has ${option}, which no recurrent operator of ONNX has: it is written out as a loop (Scan).`;
    expect(result.notes).toEqual([note]);
    const operators = operatorsOf(graph);
    expect(operators).toContain('Scan');
    expect(operators).not.toContain('LSTM');
  });

  it('that is a loop reads sequences backwards from its own mask on', async () => {
    const model = sequential([rnn({ units: 3, zoneout: 0.2, direction: 'reverse' })], { features: 2 }).compileSync(
      loss,
    );
    const { graph } = await exported(model);
    const [loop] = nodesOf(graph, 'Scan');
    expect(attributeOf(loop as never, 'scan_input_directions')).toEqual([1, 1]);
    expect(attributeOf(loop as never, 'scan_output_directions')).toEqual([1]);
  });
});
