import { describe, expect, it } from 'vitest';
import { differentiate } from '../../../src/graph/gradients.js';
import { CELL_ACTIVATIONS } from '../../../src/network/layers/cell-activations.js';
import { gru, lstm, type RecurrentDescription, rnn } from '../../../src/network/layers/recurrent.js';
import { scheduleNodes } from '../../../src/program/schedule.js';
import { AXIS, attribute, type LayerGraph, layerGraph, nodeOf, nodesOf, operationCounts } from './layer-graph.js';

const shapes = ({ requests }: LayerGraph) => [...requests].map(([name, { shape }]) => [name, shape]);
const names = ({ requests }: LayerGraph) => [...requests.keys()];
const rolesOf = ({ requests }: LayerGraph) => Object.fromEntries([...requests].map(([name, { role }]) => [name, role]));

/** The cell of every kind with its operation and number of gates. */
const cells = [
  { operation: 'rnn', gates: 1, layer: (options: object) => rnn({ units: 4, ...options }) },
  { operation: 'lstm', gates: 4, layer: (options: object) => lstm({ units: 4, ...options }) },
  { operation: 'gru', gates: 3, layer: (options: object) => gru({ units: 4, ...options }) },
  {
    operation: 'gruResetBefore',
    gates: 3,
    layer: (options: object) => gru({ units: 4, resetAfter: false, ...options }),
  },
] as const;

describe.each(cells)('a plain stack of $operation', ({ operation, gates, layer }) => {
  it('has the parameters and states of PyTorch in its order', () => {
    const built = layerGraph(layer({ layers: 2 }));
    expect(shapes(built)).toEqual([
      ['weight_ih_l0', [gates * 4, 3]],
      ['weight_hh_l0', [gates * 4, 4]],
      ['bias_ih_l0', [gates * 4]],
      ['bias_hh_l0', [gates * 4]],
      ['weight_ih_l1', [gates * 4, 4]],
      ['weight_hh_l1', [gates * 4, 4]],
      ['bias_ih_l1', [gates * 4]],
      ['bias_hh_l1', [gates * 4]],
    ]);
    const states = operation === 'lstm' ? ['h_l0', 'c_l0', 'h_l1', 'c_l1'] : ['h_l0', 'h_l1'];
    expect([...built.initialStates]).toEqual(states.map((name) => [name, 4]));
    expect([...built.finalStates.keys()]).toEqual(states);
    expect(built.output).toMatchObject({ rows: { kind: 'steps', axis: AXIS }, columns: 4 });
  });

  it('is the same graph in training, and gives its operation nothing that it was not asked for', () => {
    const counts = operationCounts(layerGraph(layer({ layers: 2 })));
    expect(operationCounts(layerGraph(layer({ layers: 2 }), { training: true }))).toEqual(counts);
    const node = nodeOf(layerGraph(layer({})), operation);
    for (const name of ['mask', 'zone', 'zoneCell', 'gain', 'cellGain', 'cellShift', 'peepholes', 'pr']) {
      expect(node.inputs.has(name), name).toBe(false);
    }
    for (const name of ['reverse', 'zoneout', 'zoneoutCell', 'epsilon', 'clip', 'activation', 'output']) {
      if (node.operation.attributes.includes(name)) expect(attribute(node, name), name).toBe(0);
    }
    if (operation !== 'rnn') expect(attribute(node, 'gate')).toBe(CELL_ACTIVATIONS.indexOf('sigmoid'));
  });

  it('drops elements between its layers in training alone', () => {
    const options = { layers: 3, dropout: 0.25 };
    expect(nodesOf(layerGraph(layer(options)), 'dropout')).toEqual([]);
    const dropouts = nodesOf(layerGraph(layer(options), { training: true }), 'dropout');
    expect(dropouts.map((node) => [attribute(node, 'rate'), attribute(node, 'operationId')])).toEqual([
      [0.25, 0],
      [0.25, 1],
    ]);
  });
});

describe.each(cells)('the direction of $operation', ({ operation, gates, layer }) => {
  it('in reverse says so in every name', () => {
    const built = layerGraph(layer({ direction: 'reverse' }));
    expect(names(built)).toEqual(['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map((name) => `${name}_l0_reverse`));
    const states = operation === 'lstm' ? ['h_l0_reverse', 'c_l0_reverse'] : ['h_l0_reverse'];
    expect([...built.initialStates.keys()]).toEqual(states);
    expect([...built.finalStates.keys()]).toEqual(states);
    expect(attribute(nodeOf(built, operation), 'reverse')).toBe(1);
  });

  it.each([
    ['concatenate', 8],
    ['sum', 4],
  ] as const)('both ways with %s gives a width of %i to the next layer and to the output', (merge, width) => {
    const built = layerGraph(layer({ layers: 2, direction: 'bidirectional', merge }));
    const one = (suffix: string, inputs: number) => [
      [`weight_ih${suffix}`, [gates * 4, inputs]],
      [`weight_hh${suffix}`, [gates * 4, 4]],
      [`bias_ih${suffix}`, [gates * 4]],
      [`bias_hh${suffix}`, [gates * 4]],
    ];
    const [first, second] = [
      [...one('_l0', 3), ...one('_l0_reverse', 3)],
      [...one('_l1', width), ...one('_l1_reverse', width)],
    ];
    expect(shapes(built)).toEqual([...first, ...second]);
    expect(built.output.columns).toBe(width);
    expect(built.output.node?.operation.name).toBe(merge === 'sum' ? 'add' : 'concatenate');
    const nodes = nodesOf(built, operation);
    expect(nodes.map((node) => attribute(node, 'reverse'))).toEqual([0, 1, 0, 1]);
    // Both directions of a layer read the same values, those of the second the output of the first.
    const inputs = nodes.map((node) => node.inputs.get('a')?.node?.inputs.get('x')?.id);
    expect(inputs[0]).toBe(built.x.id);
    expect(inputs[1]).toBe(inputs[0]);
    expect(inputs[3]).toBe(inputs[2]);
    expect(inputs[2]).not.toBe(inputs[0]);
  });

  it('concatenates unless it is told otherwise', () => {
    expect(layerGraph(layer({ direction: 'bidirectional' })).output.columns).toBe(8);
  });
});

describe.each(cells)('an option of $operation', ({ operation, gates, layer }) => {
  const cellOf = (options: object, training = false) => nodeOf(layerGraph(layer(options), { training }), operation);

  it('biases leaves out those that are not asked for', () => {
    expect(names(layerGraph(layer({ biases: 'one' })))).toEqual(['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0']);
    expect(cellOf({ biases: 'one' }).inputs.has('bR')).toBe(false);
    const none = layerGraph(layer({ biases: 'none' }));
    expect(names(none)).toEqual(['weight_ih_l0', 'weight_hh_l0']);
    expect(nodeOf(none, 'linear').inputs.has('b')).toBe(false);
  });

  it('residual adds the input of every layer but the first to its output, without what was dropped of it', () => {
    const plain = operationCounts(layerGraph(layer({ layers: 3 })));
    const options = { layers: 3, residual: true, dropout: 0.5, inputDropout: 0.5 };
    const built = layerGraph(layer(options), { training: true });
    const adds = nodesOf(built, 'add');
    expect(plain['add']).toBeUndefined();
    expect(adds).toHaveLength(2);
    const outputs = nodesOf(built, operation).map((node) => node.outputs.get('y')?.id);
    expect(adds.map(({ inputs }) => [inputs.get('a')?.id, inputs.get('b')?.id])).toEqual([
      [outputs[1], outputs[0]],
      [outputs[2], adds[0]?.outputs.get('y')?.id],
    ]);
    expect(operationCounts(layerGraph(layer({ residual: true })))).toEqual(operationCounts(layerGraph(layer({}))));
  });

  it('output gives one row a sequence, of both directions where there are two', () => {
    const last = layerGraph(layer({ layers: 2, output: 'last' }));
    expect(last.output).toMatchObject({ rows: { kind: 'batch', axis: AXIS }, columns: 4 });
    expect(last.output).toBe(last.finalStates.get('h_l1'));
    const both = layerGraph(layer({ output: 'last', direction: 'bidirectional' }));
    expect(both.output).toMatchObject({ rows: { kind: 'batch', axis: AXIS }, columns: 8 });
    const { inputs } = both.output.node as NonNullable<typeof both.output.node>;
    expect([inputs.get('a'), inputs.get('b')]).toEqual(
      ['h_l0', 'h_l0_reverse'].map((name) => both.finalStates.get(name)),
    );
    const residual = layerGraph(layer({ layers: 2, output: 'last', residual: true }));
    const [whole] = nodesOf(residual, 'add');
    expect(residual.output.node?.operation.name).toBe('lastStep');
    expect(residual.output.node?.inputs.get('x')).toBe(whole?.outputs.get('y'));
  });

  it('inputDropout multiplies the input of every layer by one row a sequence, the same for both directions', () => {
    const options = { layers: 2, inputDropout: 0.2, direction: 'bidirectional' };
    expect(operationCounts(layerGraph(layer(options)))['multiplySequence']).toBeUndefined();
    const built = layerGraph(layer(options), { training: true });
    const products = nodesOf(built, 'multiplySequence');
    expect(products.map(({ inputs }) => inputs.get('mask')?.columns)).toEqual([3, 8]);
    expect(products[0]?.inputs.get('x')).toBe(built.x);
    const masks = nodesOf(built, 'randomMask');
    expect(masks).toHaveLength(2);
    expect(masks.map((node) => attribute(node, 'operationId'))).toEqual([0, 1]);
    for (const mask of masks) {
      expect(['rate', 'dropped', 'kept'].map((name) => attribute(mask, name))).toEqual([0.2, 0, 1 / (1 - 0.2)]);
      expect(mask.outputs.get('y')?.rows).toEqual({ kind: 'batch', axis: AXIS });
    }
  });

  it('recurrentDropout masks the state by one row a sequence, another for each layer and direction', () => {
    const options = { layers: 2, recurrentDropout: 0.2, direction: 'bidirectional' };
    for (const node of nodesOf(layerGraph(layer(options)), operation)) expect(node.inputs.has('mask')).toBe(false);
    const masks = nodesOf(layerGraph(layer(options), { training: true }), operation).map(({ inputs }) =>
      inputs.get('mask'),
    );
    for (const mask of masks) expect(mask).toMatchObject({ rows: { kind: 'batch', axis: AXIS }, columns: 4 });
    const ids = masks.map((mask) => attribute(mask?.node as never, 'operationId'));
    expect(new Set(ids).size).toBe(4);
    expect(attribute(masks[0]?.node as never, 'kept')).toBe(1 / (1 - 0.2));
  });

  it('zoneout draws what stays in training, and takes its expectation outside', () => {
    const trained = cellOf({ zoneout: 0.2 }, true);
    const zone = trained.inputs.get('zone');
    expect(zone).toMatchObject({ rows: { kind: 'steps', axis: AXIS }, columns: 4 });
    expect(['rate', 'dropped', 'kept'].map((name) => attribute(zone?.node as never, name))).toEqual([0.2, 1, 0]);
    expect(attribute(trained, 'zoneout')).toBe(0);
    const used = cellOf({ zoneout: 0.2 });
    expect(used.inputs.has('zone')).toBe(false);
    expect(attribute(used, 'zoneout')).toBe(0.2);
  });

  it('weightDropout drops elements of the recurrent weights before they are packed, in training alone', () => {
    expect(nodesOf(layerGraph(layer({ weightDropout: 0.3 })), 'dropout')).toEqual([]);
    const built = layerGraph(layer({ weightDropout: 0.3 }), { training: true });
    const dropped = nodeOf(built, 'dropout');
    expect(dropped.inputs.get('x')).toBe(built.parameters.get('weight_hh_l0'));
    expect(attribute(dropped, 'rate')).toBe(0.3);
    const { inputs } = nodeOf(built, operation);
    const packed = ['p', 'pn'].flatMap((name) => inputs.get(name)?.node?.inputs.get('w') ?? []);
    expect(new Set(packed)).toEqual(new Set([dropped.outputs.get('y')]));
  });

  it('penalties of the output of the last layer count in training alone', () => {
    const options = { layers: 2, activationPenalty: 2, temporalPenalty: 0.5, output: 'last' };
    expect(layerGraph(layer(options)).penalties).toEqual([]);
    const built = layerGraph(layer(options), { training: true });
    const y = nodesOf(built, operation)[1]?.outputs.get('y');
    const found = built.penalties.map(({ value, weight }) => {
      expect(value.node?.inputs.get('x')).toBe(y);
      return [value.node?.operation.name, weight];
    });
    expect(found).toEqual([
      ['meanSquare', 2],
      ['temporalDifference', 0.5],
    ]);
  });

  it('asks for initial values as the parameters need them', () => {
    const { requests } = layerGraph(layer({ initializer: 'keras' }));
    for (const request of requests.values()) {
      expect(request).toMatchObject({
        units: 4,
        gates,
        forgetGate: operation === 'lstm' ? 1 : -1,
        initializer: 'keras',
      });
    }
  });
});

describe('layer normalisation', () => {
  const normalized = (layer: RecurrentDescription) => layerGraph(layer);

  it('of an RNN has one gain over the sum and one bias behind it', () => {
    const built = normalized(rnn({ units: 4, layerNormalization: { epsilon: 1e-3 } }));
    expect(names(built)).toEqual(['weight_ih_l0', 'weight_hh_l0', 'bias_hh_l0', 'gain_hh_l0']);
    const node = nodeOf(built, 'rnn');
    expect(node.inputs.get('gain')).toBe(built.parameters.get('gain_hh_l0'));
    expect(node.inputs.get('bR')).toBe(built.parameters.get('bias_hh_l0'));
    expect(attribute(node, 'epsilon')).toBe(1e-3);
    expect(nodesOf(built, 'layerNormalization')).toEqual([]);
    const none = normalized(rnn({ units: 4, layerNormalization: true, biases: 'none' }));
    expect(names(none)).toEqual(['weight_ih_l0', 'weight_hh_l0', 'gain_hh_l0']);
  });

  it.each([
    ['lstm', lstm({ units: 4, layerNormalization: true }), 16],
    ['gru', gru({ units: 4, layerNormalization: true }), 12],
  ] as const)('of %s has a gain for each product, with the default epsilon', (operation, layer, rows) => {
    const built = normalized(layer);
    const cell = operation === 'lstm' ? [['gain_c_l0', [4]] as const, ['shift_c_l0', [4]] as const] : [];
    expect(shapes(built).slice(2)).toEqual([
      ['bias_ih_l0', [rows]],
      ['bias_hh_l0', [rows]],
      ['gain_ih_l0', [rows]],
      ['gain_hh_l0', [rows]],
      ...cell,
    ]);
    const input = nodeOf(built, 'layerNormalization');
    expect(input.inputs.get('gain')).toBe(built.parameters.get('gain_ih_l0'));
    expect(input.inputs.get('shift')).toBe(built.parameters.get('bias_ih_l0'));
    expect(nodeOf(built, 'linear').inputs.has('b')).toBe(false);
    const node = nodeOf(built, operation);
    expect(node.inputs.get('a')).toBe(input.outputs.get('y'));
    expect(node.inputs.get('gain')).toBe(built.parameters.get('gain_hh_l0'));
    expect([attribute(input, 'epsilon'), attribute(node, 'epsilon')]).toEqual([1e-5, 1e-5]);
    if (operation !== 'lstm') return;
    expect(node.inputs.get('cellGain')).toBe(built.parameters.get('gain_c_l0'));
    expect(node.inputs.get('cellShift')).toBe(built.parameters.get('shift_c_l0'));
    expect(rolesOf(built)).toMatchObject({
      gain_ih_l0: 'gain',
      gain_hh_l0: 'gain',
      gain_c_l0: 'gain',
      shift_c_l0: 'shift',
    });
  });

  it('without biases shifts nothing', () => {
    const built = normalized(lstm({ units: 4, layerNormalization: true, biases: 'none' }));
    expect(names(built)).toEqual(['weight_ih_l0', 'weight_hh_l0', 'gain_ih_l0', 'gain_hh_l0', 'gain_c_l0']);
  });
});

describe('an LSTM', () => {
  it('with a projection has hidden states of its size, as PyTorch', () => {
    const built = layerGraph(lstm({ units: 4, layers: 2, projection: 2, direction: 'bidirectional' }), {});
    const one = (suffix: string, inputs: number) => [
      [`weight_ih${suffix}`, [16, inputs]],
      [`weight_hh${suffix}`, [16, 2]],
      [`bias_ih${suffix}`, [16]],
      [`bias_hh${suffix}`, [16]],
      [`weight_hr${suffix}`, [2, 4]],
    ];
    const first = [...one('_l0', 3), ...one('_l0_reverse', 3)];
    expect(shapes(built)).toEqual([...first, ...one('_l1', 4), ...one('_l1_reverse', 4)]);
    expect(built.initialStates.get('h_l1')).toBe(2);
    expect(built.initialStates.get('c_l1')).toBe(4);
    expect(built.output.columns).toBe(4);
    expect(rolesOf(built)['weight_hr_l0']).toBe('projection');
    const masked = lstm({ units: 4, projection: 2, recurrentDropout: 0.5, zoneout: 0.5 });
    const { inputs } = nodeOf(layerGraph(masked, { training: true }), 'lstm');
    expect(['mask', 'zone', 'zoneCell'].map((name) => inputs.get(name)?.columns)).toEqual([2, 2, 4]);
  });

  it('with peepholes or coupled gates has rows for the gates that it has', () => {
    const built = layerGraph(lstm({ units: 4, peepholes: true }));
    expect(shapes(built).at(-1)).toEqual(['peepholes_l0', [3, 4]]);
    expect(rolesOf(built)['peepholes_l0']).toBe('peephole');
    expect(nodeOf(built, 'lstm').inputs.get('peepholes')).toBe(built.parameters.get('peepholes_l0'));
    const coupled = layerGraph(lstm({ units: 4, peepholes: true, coupledGates: true }));
    expect(shapes(coupled)).toEqual([
      ['weight_ih_l0', [12, 3]],
      ['weight_hh_l0', [12, 4]],
      ['bias_ih_l0', [12]],
      ['bias_hh_l0', [12]],
      ['peepholes_l0', [2, 4]],
    ]);
    expect(nodesOf(coupled, 'lstmCoupled')).toHaveLength(1);
    for (const { gates, forgetGate } of coupled.requests.values()) expect([gates, forgetGate]).toEqual([3, -1]);
  });

  it('hands its activations, clip and forget bias on', () => {
    const options = { units: 4, gateActivation: 'hardSigmoid', activation: 'relu', cellClip: 3 } as const;
    const built = layerGraph(lstm({ ...options, forgetBias: 2 }));
    const node = nodeOf(built, 'lstm');
    expect(['gate', 'activation', 'output', 'clip'].map((name) => attribute(node, name))).toEqual([4, 1, 1, 3]);
    expect(built.requests.get('bias_ih_l0')?.forgetBias).toBe(2);
    const other = nodeOf(layerGraph(lstm({ ...options, outputActivation: 'tanh' })), 'lstm');
    expect(attribute(other, 'output')).toBe(0);
  });

  it('has a zoneout for each state', () => {
    const node = (zoneout: object, training: boolean) =>
      nodeOf(layerGraph(lstm({ units: 4, zoneout }), { training }), 'lstm');
    const used = node({ hidden: 0.1, cell: 0.2 }, false);
    expect(['zoneout', 'zoneoutCell'].map((name) => attribute(used, name))).toEqual([0.1, 0.2]);
    const { inputs } = node({ hidden: 0.1, cell: 0.2 }, true);
    const rates = ['zone', 'zoneCell'].map((name) => attribute(inputs.get(name)?.node as never, 'rate'));
    expect(rates).toEqual([0.1, 0.2]);
    const ids = ['zone', 'zoneCell'].map((name) => attribute(inputs.get(name)?.node as never, 'operationId'));
    expect(ids[0]).not.toBe(ids[1]);
    expect(node({ cell: 0.2 }, true).inputs.has('zone')).toBe(false);
    expect(node({ hidden: 0.2 }, true).inputs.has('zoneCell')).toBe(false);
  });
});

describe('every activation of a cell', () => {
  it.each(CELL_ACTIVATIONS.map((name, code) => [name, code] as const))('%s has code %i', (activation, code) => {
    expect(attribute(nodeOf(layerGraph(rnn({ units: 4, activation })), 'rnn'), 'activation')).toBe(code);
    const node = nodeOf(layerGraph(gru({ units: 4, activation, gateActivation: activation })), 'gru');
    expect([attribute(node, 'gate'), attribute(node, 'activation')]).toEqual([code, code]);
  });
});

/** What the backward program of a layer keeps of the forward pass. */
function trainedCell(layer: RecurrentDescription, operation: string): { kept: string[]; gradients: string[] } {
  const built = layerGraph(layer, { training: true });
  const { graph, output, parameters } = built;
  const gradient = graph.external('gradient', output.rows, output.columns);
  const gradients = differentiate(graph, [{ value: output, gradient }], [...parameters.values()]);
  for (const [name, value] of parameters) {
    const found = gradients.get(value.id);
    expect(found, name).toMatchObject({ rows: value.rows, columns: value.columns });
  }
  const { nodes } = scheduleNodes(graph, [...gradients.values()], false);
  return {
    kept: [...nodeOf({ graph: { nodes } as never }, operation).outputs.keys()],
    gradients: [...nodeOf({ graph: { nodes } as never }, `${operation}Backward`).outputs.keys()],
  };
}

describe('the training of a cell keeps no more than its gradients need:', () => {
  const everything = { layerNormalization: true, zoneout: 0.1, recurrentDropout: 0.1, weightDropout: 0.1 };
  it.each([
    [rnn({ units: 4 }), 'rnn', ['y'], ['da']],
    [rnn({ units: 4, zoneout: 0.1 }), 'rnn', ['y', 'candidate'], ['da']],
    [rnn({ units: 4, layerNormalization: true }), 'rnn', ['y', 'sum'], ['da', 'dn']],
    [rnn({ units: 4, ...everything }), 'rnn', ['y', 'sum', 'candidate'], ['da', 'dn']],
    [lstm({ units: 4 }), 'lstm', ['y', 'gates', 'c'], ['da']],
    [lstm({ units: 4, zoneout: { hidden: 0.1 } }), 'lstm', ['y', 'gates', 'c'], ['da']],
    [lstm({ units: 4, zoneout: { cell: 0.1 } }), 'lstm', ['y', 'gates', 'c', 'candidate'], ['da']],
    [lstm({ units: 4, peepholes: true, cellClip: 1 }), 'lstm', ['y', 'gates', 'c'], ['da']],
    [lstm({ units: 4, projection: 2 }), 'lstm', ['y', 'gates', 'c', 'm'], ['da', 'dp']],
    [lstm({ units: 4, layerNormalization: true }), 'lstm', ['y', 'gates', 'c', 'product'], ['da', 'dr', 'dcn']],
    [
      lstm({ units: 4, ...everything, projection: 2, peepholes: true }),
      'lstm',
      ['y', 'gates', 'c', 'm', 'product', 'candidate'],
      ['da', 'dr', 'dp', 'dcn'],
    ],
    [
      lstm({ units: 4, ...everything, projection: 2, peepholes: true, coupledGates: true }),
      'lstmCoupled',
      ['y', 'gates', 'c', 'm', 'product', 'candidate'],
      ['da', 'dr', 'dp', 'dcn'],
    ],
    [gru({ units: 4, zoneout: 0.1 }), 'gru', ['y', 'gates', 's'], ['da', 'ds']],
    [gru({ units: 4, ...everything }), 'gru', ['y', 'gates', 's', 'product'], ['da', 'ds', 'dr']],
    [
      gru({ units: 4, ...everything, resetAfter: false, layerNormalization: false }),
      'gruResetBefore',
      ['y', 'gates', 's'],
      ['da'],
    ],
  ] as const)('%j', (layer, operation, kept, gradients) => {
    expect(trainedCell(layer, operation)).toEqual({ kept, gradients });
  });

  it('takes a candidate outside training too, where zoneout is its expectation', () => {
    const { graph, output, parameters } = layerGraph(rnn({ units: 4, zoneout: 0.1 }));
    const gradient = graph.external('gradient', output.rows, output.columns);
    differentiate(graph, [{ value: output, gradient }], [...parameters.values()]);
    expect(nodeOf({ graph }, 'rnnBackward').inputs.has('candidate')).toBe(true);
    expect(attribute(nodeOf({ graph }, 'rnnBackward'), 'zoneout')).toBe(0.1);
  });

  it('reads sequences backwards in every gradient of a layer in reverse', () => {
    for (const [layer, operations] of [
      [rnn({ units: 4, direction: 'reverse' }), ['rnnBackward', 'stateWeightGradient']],
      [
        lstm({ units: 4, direction: 'reverse', peepholes: true }),
        ['lstmBackward', 'stateWeightGradient', 'peepholeGradient'],
      ],
      [gru({ units: 4, direction: 'reverse' }), ['gruBackward', 'gruWeightGradient']],
    ] as const) {
      const { graph, output, parameters } = layerGraph(layer);
      const gradient = graph.external('gradient', output.rows, output.columns);
      differentiate(graph, [{ value: output, gradient }], [...parameters.values()]);
      for (const name of operations) expect(attribute(nodeOf({ graph }, name), 'reverse'), name).toBe(1);
    }
  });
});
