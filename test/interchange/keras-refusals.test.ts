/** What cannot be taken over from Keras is refused with its name; damaged and hostile files end in clear errors. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { BpttError } from '../../src/core/errors.js';
import type { JsonObject, JsonValue } from '../../src/core/json.js';
import { storedZip } from '../../src/interchange/export-keras/zip-writer.js';
import { importModel } from '../../src/interchange/import-model.js';
import { inspectFile } from '../../src/interchange/inspect-file.js';
import { convertModel } from '../../src/interchange/keras/convert-model.js';
import { modelOf } from '../../src/interchange/keras/keras-format.js';
import { type KerasCase, keptFile, kerasCases } from './keras-cases.js';

const folder = mkdtempSync(path.join(tmpdir(), 'bptt-keras-refusals-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A layer as Keras 2 describes it. */
const layer = (className: string, config: JsonObject = {}): JsonObject => {
  return { class_name: className, config: { name: className.toLowerCase(), ...config } };
};
const recurrent = (className: string, config: JsonObject = {}) =>
  layer(className, {
    units: 2,
    activation: 'tanh',
    recurrent_activation: 'sigmoid',
    return_sequences: true,
    ...config,
  });
const input = (...shape: readonly (number | null)[]) =>
  layer('InputLayer', { name: 'x', batch_input_shape: [null, ...shape] });
const chain = (...layers: readonly JsonValue[]): JsonObject => ({
  class_name: 'Sequential',
  config: { name: 'chain', layers },
});
const graph = (layers: readonly JsonObject[], outputs: JsonValue): JsonObject => {
  return {
    class_name: 'Functional',
    config: { name: 'graph', layers, input_layers: [['x', 0, 0]], output_layers: outputs },
  };
};
const called = (json: JsonObject, ...inputs: readonly JsonValue[]): JsonObject => {
  return { ...json, name: (json['config'] as JsonObject)['name'] as string, inbound_nodes: [inputs] };
};
const named = (json: JsonObject): JsonObject => ({ ...json, name: 'x', inbound_nodes: [] });

/** The error of a configuration; weights are looked at after options. */
function errorOf(config: JsonObject, version: 2 | 3 | undefined = 2): BpttError {
  const source = { path: 'x.h5', version };
  try {
    convertModel(source, modelOf(source, config), new Map());
  } catch (error) {
    expect(error).toBeInstanceOf(BpttError);
    return error as BpttError;
  }
  throw new Error('it was taken over');
}

const sequences = input(null, 3);

describe('an option that cannot be taken over', () => {
  it.each<[string, JsonObject, readonly string[]]>([
    ['activation of a cell', recurrent('LSTM', { activation: 'selu' }), ["LSTM 'lstm'", "'activation'", '"selu"']],
    ['time_major', recurrent('GRU', { time_major: true }), ["GRU 'gru'", "'time_major'", 'true']],
    ['an unknown option', recurrent('GRU', { magic: 3 }), ["GRU 'gru'", "'magic'", '3']],
    [
      'channels_first',
      layer('Conv1D', { filters: 2, kernel_size: [1], data_format: 'channels_first' }),
      ["'data_format'"],
    ],
    ['padding', layer('Conv1D', { filters: 2, kernel_size: [1], padding: 'full' }), ["'padding'", '"full"']],
    ['an axis of softmax', layer('Softmax', { axis: 1 }), ["Softmax 'softmax'", "'axis'", '1']],
    ['another function', layer('Activation', { activation: 'wave' }), ["'activation'", '"wave"']],
    ['a threshold', layer('ReLU', { threshold: 0.5 }), ["'threshold'", '0.5']],
    ['quantisation', layer('ELU', { alpha: 1, dtype: 'int8_from_float32' }), ["'dtype'", 'int8']],
    ['merge_mode', layer('Bidirectional', { layer: recurrent('GRU'), merge_mode: 'max' }), ["'merge_mode'", '"max"']],
    ['renorm', layer('BatchNormalization', { axis: [2], momentum: 0.9, epsilon: 1e-3, renorm: true }), ["'renorm'"]],
    ['a repetition of unknown length', layer('RepeatVector', { n: 3 }), ["'n'", '3']],
    ['a shape', layer('Reshape', { target_shape: [3, -1] }), ["'target_shape'", '[3,-1]']],
    ['axes', layer('Permute', { dims: [2, 1] }), ["'dims'", '[2,1]']],
    [
      'windows with padding in front',
      layer('MaxPooling1D', { pool_size: [2], padding: 'causal' }),
      ["'padding'", '"causal"'],
    ],
    ['long windows', layer('AveragePooling1D', { pool_size: 300 }), ["'pool_size'", '300']],
    ['windows of columns', layer('MaxPooling1D', { data_format: 'channels_first' }), ["'data_format'"]],
    ['three numbers of zeros', layer('ZeroPadding1D', { padding: [1, 2, 3] }), ["'padding'", '[1,2,3]']],
    ['factors for other columns', layer('Rescaling', { scale: [1, 2] }), ["'scale'", '[1,2]', 'a list of 3']],
    ['offsets that are no numbers', layer('Rescaling', { scale: 1, offset: [1, 'a', 2] }), ["'offset'", '"a"']],
    [
      'a layer with weights as a function',
      layer('Activation', { activation: { class_name: 'PReLU', config: { name: 'slopes' } } }),
      ["'activation'", 'PReLU', 'ELU, LeakyReLU and Rescaling'],
    ],
    ['an axis of joining', layer('Concatenate', { axis: 1 }), ["'axis'", '1']],
  ])('%s is refused with layer, option and value', (_, refused, parts) => {
    const error = errorOf(chain(sequences, refused));
    expect(error.code).toBe('unsupported_attribute');
    for (const part of parts) expect(error.message).toContain(part);
  });

  it('hard_sigmoid is refused where the version is not known', () => {
    const config = chain(sequences, recurrent('LSTM', { recurrent_activation: 'hard_sigmoid' }));
    const source = { path: 'x.h5', version: undefined };
    expect(() => convertModel(source, modelOf(source, config), new Map())).toThrow(
      'differs between Keras 2 and Keras 3',
    );
    expect(errorOf(config, 2).code).toBe('missing_tensor');
  });

  it('is refused with a value of a wrong type, too', () => {
    for (const units of [0, -1, 1.5, '4', null, {}, 2 ** 60]) {
      expect(errorOf(chain(sequences, recurrent('LSTM', { units }))).code).toBe('file_corrupt');
    }
  });
});

describe('a layer that cannot be taken over', () => {
  it.each<[string, JsonObject, string]>([
    ['of an unknown class', layer('Lambda'), "Lambda 'lambda'"],
    ['of a class named like a member of objects', layer('constructor'), 'constructor'],
    ["of one's own", { ...layer('Wave'), module: 'mine', registered_name: 'My>Wave' }, 'My>Wave'],
    ['of several dimensions', layer('ConvLSTM1D'), 'ConvLSTM1D'],
    ['that makes columns of steps', layer('Flatten'), "Flatten 'flatten'"],
    ['whose output is in reverse order', recurrent('LSTM', { go_backwards: true }), 'Sequential'],
  ])('%s is refused by name', (_, refused, part) => {
    const error = errorOf(chain(sequences, refused));
    // What comes behind a recurrent layer is not reached without its weights.
    expect(['unsupported_operator', 'missing_tensor']).toContain(error.code);
    expect(error.message).toContain(error.code === 'missing_tensor' ? 'LSTM' : part);
  });

  it.each<[string, JsonObject, string]>([
    [
      'a circle',
      graph(
        [
          named(sequences),
          called(layer('Add'), ['x', 0, 0, {}], ['elu', 0, 0, {}]),
          called(layer('ELU', { alpha: 1 }), ['add', 0, 0, {}]),
        ],
        [['elu', 0, 0]],
      ),
      'its own output',
    ],
    ['an output that is not there', graph([named(sequences)], [['x', 0, 7]]), 'not there'],
    [
      'a layer that is not there',
      graph([named(sequences), called(layer('ELU', { alpha: 1 }), ['y', 0, 0, {}])], [['elu', 0, 0]]),
      'not there',
    ],
    ['two layers of one name', graph([named(sequences), named(sequences)], [['x', 0, 0]]), 'two layers'],
    ['no layers', { class_name: 'Functional', config: { layers: 3 } }, 'no list of layers'],
    ['no class', { class_name: 'Sequential', config: { layers: [{ config: {} }] } }, 'no class'],
  ])('a graph with %s is corrupt', (_, config, part) => {
    const error = errorOf(config);
    expect([error.code, error.message]).toEqual(['file_corrupt', expect.stringContaining(part)]);
  });

  it('cannot make a network of any size by calling a model again and again', () => {
    let inner = graph([named(input(null, 1)), called(layer('ELU', { alpha: 1 }), ['x', 0, 0, {}])], [['elu', 0, 0]]);
    for (let depth = 0; depth < 8; depth++) {
      const model = { ...inner, config: { ...(inner['config'] as JsonObject), name: 'inner' }, name: 'inner' };
      const calls = Array.from({ length: 10 }, (_, at) => [at === 0 ? ['x', 0, 0, {}] : ['inner', at - 1, 0, {}]]);
      inner = graph([named(input(null, 1)), { ...model, inbound_nodes: calls }], [['inner', 9, 0]]);
    }
    expect(errorOf(inner).message).toContain('more than 20000 layers');
  });
});

const dense = JSON.stringify({
  keras_version: '2.15.0',
  ...chain(input(null, 3), layer('Dense', { units: 2, activation: 'linear' })),
});

async function hostile(name: string): Promise<BpttError | 'result'> {
  const file = path.join(folder, `${name}.weights.h5`);
  writeFileSync(file, keptFile(`hostile-${name}.weights.h5.gz`));
  writeFileSync(`${file}.json`, dense);
  try {
    const { model } = await importModel(file, { config: `${file}.json` });
    model.dispose();
    return 'result';
  } catch (error) {
    expect(error).toBeInstanceOf(BpttError);
    return error as BpttError;
  }
}

describe('a file of HDF5', () => {
  it.each([
    ['giant', 'file_corrupt'],
    ['giant-chunks', 'file_corrupt'],
    ['external', 'file_corrupt'],
    ['virtual', 'file_corrupt'],
    ['external-link', 'missing_tensor'],
    ['soft-link', 'file_corrupt'],
    ['text', 'file_unsupported'],
    ['compound', 'file_unsupported'],
    ['turned', 'tensor_mismatch'],
    ['not-finite', 'tensor_mismatch'],
    ['too-large', 'tensor_mismatch'],
    ['missing', 'missing_tensor'],
    ['unused', 'unused_tensor'],
  ])('with weights that are %s ends in %s', async (name, code) => {
    const error = await hostile(name);
    expect(error === 'result' ? error : error.code).toBe(code);
  });

  it('with weights of half precision, or big-endian, is read', async () => {
    expect(await hostile('half')).toBe('result');
    expect(await hostile('big-endian')).toBe('result');
  });

  it('that is cut off anywhere ends in an error', async () => {
    for (const { file = '' } of kerasCases()
      .filter((each) => each.file !== undefined)
      .slice(0, 3)) {
      const bytes = keptFile(`${file}.gz`);
      const target = path.join(folder, file);
      for (let part = 0; part < 12; part++) {
        writeFileSync(target, bytes.subarray(0, Math.floor((bytes.length * part) / 12)));
        await expect(importModel(target, { format: 'keras' })).rejects.toThrow(BpttError);
      }
    }
  });

  it('of another version of Keras is refused with it', async () => {
    const file = path.join(folder, 'old.weights.h5');
    writeFileSync(file, keptFile('hostile-half.weights.h5.gz'));
    writeFileSync(`${file}.json`, dense.replace('2.15.0', '1.2.2'));
    await expect(importModel(file, { config: `${file}.json` })).rejects.toThrow('written by Keras 1.2.2');
  });

  it('with weights alone needs a model', async () => {
    const file = path.join(folder, 'alone.weights.h5');
    writeFileSync(file, keptFile('hostile-half.weights.h5.gz'));
    await expect(importModel(file)).rejects.toThrow("option 'config'");
    const { operators, tensors } = await inspectFile(file);
    expect([operators, [...tensors.keys()]]).toEqual([[], ['layers/dense/vars/0', 'layers/dense/vars/1']]);
  });
});

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** An archive of one entry whose directory says what it unpacks to. */
function bomb(name: string, size: number): Buffer {
  const packed = deflateRawSync(Buffer.alloc(size));
  const archive = storedZip(new Map([[name, packed]]));
  const directory = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  for (const [at, method] of [
    [0, 8],
    [directory + 2, 8],
  ] as const) {
    archive.writeUInt16LE(method, at + 8);
    archive.writeUInt32LE(size, at + 22);
  }
  return archive;
}

describe('an archive .keras', () => {
  const file = path.join(folder, 'x.keras');
  const whole = (config: string) =>
    new Map([
      ['metadata.json', bytesOf('{"keras_version":"3.15.1"}')],
      ['config.json', bytesOf(config)],
      ['model.weights.h5', keptFile('hostile-half.weights.h5.gz') as Uint8Array],
    ]);

  it.each([
    ['without an entry', storedZip(new Map([['config.json', bytesOf('{}')]])), 'file_corrupt'],
    ['with a deep configuration', storedZip(whole(`${'['.repeat(1e6)}`)), 'file_corrupt'],
    ['with a configuration that is no model', storedZip(whole('[]')), 'file_corrupt'],
    ['that unpacks to far more', bomb('config.json', 3e8), 'file_unsupported'],
  ])('%s ends in %s', async (_, bytes, code) => {
    writeFileSync(file, bytes);
    const error = await importModel(file).catch((caught: unknown) => caught);
    expect((error as BpttError).code).toBe(code);
  });
});

it("a '.keras' file of Keras 2 is refused with what helps", async () => {
  const file = path.join(folder, 'keras2.keras');
  const entries = new Map([
    ['metadata.json', bytesOf('{"keras_version":"2.13.1"}')],
    ['config.json', bytesOf(dense)],
    ['model.weights.h5', keptFile('hostile-old-archive.weights.h5.gz') as Uint8Array],
  ]);
  writeFileSync(file, storedZip(entries));
  const error = (await importModel(file).catch((caught: unknown) => caught)) as BpttError;
  expect([error.code, error.message]).toEqual(['file_unsupported', expect.stringContaining(".save('OUT.h5')")]);
  expect((await inspectFile(file)).obstacle).toContain(".save('OUT.h5')");
});

describe('a model of TensorFlow.js', () => {
  const target = path.join(folder, 'tfjs');
  mkdirSync(target, { recursive: true });
  writeFileSync(path.join(target, 'weights.bin'), new Uint8Array(32));
  const file = path.join(target, 'model.json');
  const weights = [
    { name: 'dense/kernel', shape: [3, 2], dtype: 'float32' },
    { name: 'dense/bias', shape: [2], dtype: 'float32' },
  ];
  const write = (changes: JsonObject, paths: JsonValue = ['weights.bin'], list: JsonValue = weights) => {
    const modelTopology = chain(input(null, 3), layer('Dense', { units: 2, activation: 'linear' }));
    writeFileSync(file, JSON.stringify({ modelTopology, weightsManifest: [{ paths, weights: list }], ...changes }));
    return importModel(file).catch((error: unknown) => error as BpttError);
  };
  const codeOf = async (...given: Parameters<typeof write>) => {
    const outcome = await write(...given);
    return outcome instanceof BpttError ? outcome.code : 'result';
  };

  it('is read', async () => {
    expect(await codeOf({})).toBe('result');
  });

  it.each([
    '../tfjs/weights.bin',
    '/etc/passwd',
    'a/../../x',
    '..',
    'C:\\x',
    'file:///etc/passwd',
    '..\\x',
    'x\0',
    '',
    7,
  ])('cannot read the file %s outside of its folder', async (name) => {
    expect(await codeOf({}, [name])).toBe('file_corrupt');
  });

  it.each<[string, JsonValue, string]>([
    [
      'a shape beyond the file',
      [{ name: 'dense/kernel', shape: [2 ** 30, 2 ** 30], dtype: 'float32' }],
      'file_corrupt',
    ],
    ['more bytes than there are', [{ name: 'dense/kernel', shape: [3, 2000], dtype: 'float32' }], 'file_truncated'],
    ['a negative size', [{ name: 'dense/kernel', shape: [-3, -2], dtype: 'float32' }], 'file_corrupt'],
    ['texts', [{ name: 'dense/kernel', shape: [3, 2], dtype: 'string' }], 'file_unsupported'],
    ['one name twice', [weights[1] as JsonObject, weights[1] as JsonObject], 'file_corrupt'],
    ['bytes that nobody reads', [weights[1] as JsonObject], 'file_corrupt'],
    [
      'a quantisation without a scale',
      [{ name: 'dense/kernel', shape: [32], dtype: 'float32', quantization: { dtype: 'uint8' } }],
      'file_corrupt',
    ],
    ['a layer that is not there', [{ name: 'other/kernel', shape: [8], dtype: 'float32' }], 'unused_tensor'],
    ['another order', [weights[1] as JsonObject, weights[0] as JsonObject], 'tensor_mismatch'],
  ])('with %s in its manifest ends in an error', async (_, list, code) => {
    expect(await codeOf({}, ['weights.bin'], list)).toBe(code);
  });

  it.each<[string, JsonObject, string]>([
    ['of a graph', { format: 'graph-model', modelTopology: { node: [] } }, 'unsupported_operator'],
    ['of weights alone', { modelTopology: null, weightsManifest: [] }, 'file_corrupt'],
  ])('%s is refused', async (_, changes, code) => {
    expect(await codeOf(changes)).toBe(code);
  });
});

/** What a model of calls without weights becomes. */
function converted(config: JsonObject, version: 2 | 3) {
  const source = { path: 'x.keras', version };
  return convertModel(source, modelOf(source, config), new Map());
}

/** A layer as Keras 3 describes it, with a call. */
const calledWith = (json: JsonObject, from: string, kwargs: JsonObject = {}): JsonObject => {
  const tensor = (name: string): JsonObject => ({
    class_name: '__keras_tensor__',
    config: { shape: [null, null, 3], dtype: 'float32', keras_history: [name, 0, 0] },
  });
  const options = Object.fromEntries(Object.entries(kwargs).map(([key, name]) => [key, tensor(name as string)]));
  const name = (json['config'] as JsonObject)['name'] as string;
  const args = json['class_name'] === 'NotEqual' ? [tensor(from), 7] : [tensor(from)];
  return { ...json, name, inbound_nodes: [{ args, kwargs: options }] };
};

describe('a call', () => {
  const dropped = graph(
    [named(sequences), called(layer('Dropout', { rate: 0.5 }), ['x', 0, 0, { training: true }])],
    [['dropout', 0, 0]],
  );

  it('as in training is refused for Keras 2, whose predictions are then those of training', () => {
    expect(() => converted(dropped, 2)).toThrow(
      "Dropout 'dropout' cannot be taken over: it is called with 'training' true",
    );
  });

  it('as in training is said in the notes for Keras 3, whose predictions turn it off', () => {
    expect(converted(dropped, 3).notes.join()).toContain("Dropout 'dropout' is called with training=True");
  });

  it('with a mask of its own is said in the notes', () => {
    const mask: JsonObject = { module: 'keras.src.ops.numpy', class_name: 'NotEqual', config: { name: 'not_equal' } };
    const masked = graph(
      [
        named(sequences),
        calledWith(mask, 'x'),
        calledWith(layer('GlobalAveragePooling1D', { name: 'mean' }), 'x', { mask: 'not_equal' }),
      ],
      [['mean', 0, 0]],
    );
    const { notes } = converted(masked, 3);
    expect(notes.join()).toContain("'not_equal' masks the steps that are 7");
    expect(notes.join()).toContain("GlobalAveragePooling1D 'mean' is given a mask");
  });

  it('whose value is an output twice gives two outputs', () => {
    const twice = graph(
      [named(sequences), called(layer('ELU', { alpha: 1 }), ['x', 0, 0, {}])],
      [
        ['elu', 0, 0],
        ['elu', 0, 0],
        ['x', 0, 0],
      ],
    );
    expect(Object.keys(converted(twice, 2).network.description.outputs ?? {})).toHaveLength(3);
  });
});

describe('padding', () => {
  it('that Keras masks is said in the notes', async () => {
    const masked = kerasCases().find(({ config }) => JSON.stringify(config).includes('"mask_zero":true')) as KerasCase;
    const source = { path: 'x', version: 3 } as const;
    const { importedFromHash } = await import('./keras-cases.js');
    const { notes, model } = await importedFromHash(masked);
    expect(modelOf(source, masked.config).className).toBe('Functional');
    expect(notes.join()).toContain('masks the index 0');
    model.dispose();
  });
});
