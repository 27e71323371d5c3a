/** Masks of Keras that do not reach a layer, or reach it at other steps, are said in the notes of the layer that loses them. */
import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../src/core/json.js';
import { convertModel } from '../../src/interchange/keras/convert-model.js';
import { modelOf } from '../../src/interchange/keras/keras-format.js';
import { TensorTable, variablesOf } from '../../src/interchange/keras/layer-weights.js';

/** A layer of two columns with the tensors that its call reads; numbers are arguments beside them. */
interface Call {
  readonly name: string;
  readonly type: string;
  readonly reads?: readonly string[];
  readonly number?: number;
  readonly config?: JsonObject;
  readonly mask?: string;
}

const tensor = (name: string): JsonObject => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, null, 2], dtype: 'float32', keras_history: [name, 0, 0] },
});

function layerOf({ name, type, reads = [], number, config = {}, mask }: Call): JsonObject {
  const [isOperation, className] = type.startsWith('ops.') ? [true, type.slice(4)] : [false, type];
  const module = isOperation ? 'keras.src.ops.numpy' : 'keras.layers';
  const inputs = reads.map(tensor);
  const args: JsonValue[] = isOperation ? [...inputs, ...(number === undefined ? [] : [number])] : [inputs];
  const kwargs = mask === undefined ? {} : { mask: tensor(mask) };
  const inbound = reads.length === 0 ? [] : [{ args, kwargs }];
  return { module, class_name: className, name, config: { name, ...config }, inbound_nodes: inbound };
}

const input: Call = { name: 'x', type: 'InputLayer', config: { batch_shape: [null, null, 2] } };
const masking: Call = { name: 'masking', type: 'Masking', reads: ['x'], config: { mask_value: -1 } };
const rnn = (name: string, from: string, config: JsonObject = {}): Call => {
  const options = { units: 2, activation: 'tanh', use_bias: false, return_sequences: true, ...config };
  return { name, type: 'SimpleRNN', reads: [from], config: options };
};
const dense = (name: string, from: string): Call => {
  return { name, type: 'Dense', reads: [from], config: { units: 2, use_bias: false, activation: 'linear' } };
};

/** The notes of a model with the input `x`, but those of the masks themselves. */
function notesOf(...calls: readonly Call[]): readonly string[] {
  const layers = [input, ...calls].map(layerOf);
  const outputs = [[calls.at(-1)?.name as string, 0, 0]];
  const config: JsonObject = {
    module: 'keras.src.models.functional',
    class_name: 'Functional',
    config: { name: 'graph', layers, input_layers: [['x', 0, 0]], output_layers: outputs },
  };
  const source = { path: 'x.keras', version: 3 } as const;
  const root = modelOf(source, config);
  const table = new TensorTable();
  for (const variable of variablesOf(root)) {
    const read = () => new Float32Array(4);
    table.set(variable, { name: variable.role, shape: [2, 2], type: 'float32', read });
  }
  return convertModel(source, root, table.all).notes.filter((note) => !note.includes('masks steps'));
}

describe('a mask of Keras', () => {
  it('that goes on to all layers needs no note', () => {
    expect(
      notesOf(
        masking,
        rnn('a', 'masking'),
        dense('b', 'a'),
        rnn('c', 'b', { go_backwards: true, return_sequences: false }),
      ),
    ).toEqual([]);
    const both: Call = { name: 'both', type: 'Add', reads: ['a', 'b'] };
    expect(notesOf(masking, rnn('a', 'masking'), dense('b', 'masking'), both, rnn('c', 'both'))).toEqual([]);
  });

  it('of steps that are turned around stays as it is', () => {
    const back = rnn('back', 'masking', { go_backwards: true });
    const [note, ...others] = notesOf(masking, back, rnn('c', 'back', { return_sequences: false }));
    expect(note).toContain("SimpleRNN 'back' turns the steps around in Keras, but not the mask");
    expect(others).toEqual([]);
  });

  it('that is given to steps in the other order is said once', () => {
    const own: Call[] = [
      { name: 'not_equal', type: 'ops.NotEqual', reads: ['x'], number: -1 },
      { name: 'any', type: 'ops.Any', reads: ['not_equal'] },
    ];
    const last = { ...rnn('c', 'back', { return_sequences: false }), mask: 'any' };
    const back = rnn('back', 'masking', { go_backwards: true });
    const behind = notesOf(...own, masking, { ...back, mask: 'any' }, last).filter((note) => !note.includes('are -1'));
    expect(behind).toEqual([expect.stringContaining("SimpleRNN 'back' turns the steps around")]);
    const alone = notesOf(...own, rnn('back', 'x', { go_backwards: true }), last).join('\n');
    expect(alone).toContain("SimpleRNN 'c' is given a mask of steps in the other order of time");
    expect(alone).toContain("SimpleRNN 'back' reads masked steps in Keras");
  });

  it.each(['Add', 'Multiply', 'Average', 'Maximum', 'Minimum', 'Subtract'])(
    'is lost in %s with what has none',
    (type) => {
      const joined: Call = { name: 'joined', type, reads: ['a', 'b'] };
      const [note, ...others] = notesOf(masking, rnn('a', 'masking'), dense('b', 'x'), joined, rnn('c', 'joined'));
      expect(note).toContain(`${type} 'joined' has no mask behind it in Keras`);
      expect(others).toEqual([]);
    },
  );

  it('is kept in Concatenate with what has none', () => {
    const joined: Call = { name: 'joined', type: 'Concatenate', reads: ['masking', 'x'], config: { axis: -1 } };
    const mean: Call = { name: 'mean', type: 'GlobalMaxPooling1D', reads: ['joined'] };
    expect(notesOf(masking, joined, mean)).toEqual([expect.stringContaining("'mean' reads masked steps")]);
  });

  it.each<[string, Omit<Call, 'name'>]>([
    ['a number', { type: 'ops.Multiply', reads: ['a'], number: 2 }],
    ['two values', { type: 'ops.Add', reads: ['a', 'a'] }],
    ['steps that are turned around', { type: 'ops.Flip', reads: ['back'], config: { axis: 1 } }],
    ['a shape', { type: 'Reshape', reads: ['a'], config: { target_shape: [-1, 2] } }],
  ])('is lost in an operation with %s', (_, operation) => {
    const reversed = { ...masking, name: 'back', reads: ['turned'] };
    const turned: Call = { name: 'turned', type: 'ops.Flip', reads: ['x'], config: { axis: 1 } };
    const done: Call = { ...operation, name: 'done' };
    const [note, ...others] = notesOf(masking, rnn('a', 'masking'), turned, reversed, done, rnn('c', 'done'));
    expect(note).toContain("'done' has no mask behind it in Keras");
    expect(others).toEqual([]);
  });

  it('beside layers that read the input without it is said of these', () => {
    const mean: Call = { name: 'mean', type: 'GlobalAveragePooling1D', reads: ['x'] };
    const joined: Call = { name: 'joined', type: 'Concatenate', reads: ['a', 'mean'], config: { axis: -1 } };
    const last = rnn('a', 'masking', { return_sequences: false });
    const expected = ["GlobalAveragePooling1D 'mean' reads masked steps in Keras; here sequences have none."];
    expect(notesOf(mean, masking, last, joined)).toEqual(expected);
    expect(notesOf(masking, last, mean, joined)).toEqual(expected);
    expect(notesOf({ ...mean, name: 'a' }, mean, joined)).toEqual([]);
  });
});
