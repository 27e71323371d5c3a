/** Files as torch.save, safetensors and NumPy have written them (golden/make_files.py). */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { writeSafetensorsSync } from '../../src/checkpoint/safetensors.js';
import { exportModel, importModel, inspectFile } from '../../src/entries/interchange.js';
import { dense, embedding, gru, network, sequential } from '../../src/index.js';
import { fromBfloat16, fromFloat16 } from '../../src/interchange/sources/number-types.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { uniform } from './golden/hashed-numbers.js';

const pathOf = (name: string) => fileURLToPath(new URL(`golden/files/${name}`, import.meta.url));

const SHAPES = {
  'embedding.weight': [5, 3],
  'rnn.weight_ih_l0': [12, 3],
  'rnn.weight_hh_l0': [12, 4],
  'rnn.bias_ih_l0': [12],
  'rnn.bias_hh_l0': [12],
  'fc.weight': [2, 4],
  'fc.bias': [2],
};

/** The float16 or the bfloat16 next to a number, found by its neighbours in steps of the type. */
function rounded(number: number, read: (bits: number) => number): number {
  let best = 0;
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = read(bits);
    if (Math.abs(value - number) < Math.abs(read(best) - number)) best = bits;
  }
  return read(best);
}

const exact = (number: number) => number;

async function expectNumbers(
  file: string,
  round: (number: number) => number,
  options = {},
): Promise<readonly string[]> {
  const { model, notes } = await importModel(pathOf(file), options);
  for (const [name, shape] of Object.entries(SHAPES)) {
    const parameter = model.parameters.get(name);
    expect(parameter?.shape, name).toEqual(shape);
    const expected = uniform(1, name, parameter?.data.length ?? 0, 0.5);
    if (round === exact) expect([...(parameter?.data ?? [])], name).toEqual([...expected]);
    // Some of each: the search for the next number is slow.
    else
      for (const at of [0, expected.length - 1])
        expect(parameter?.data[at], name).toBe(rounded(expected[at] as number, round));
  }
  model.dispose();
  return notes;
}

const PLAIN = [
  'plain.pt',
  'old.pt',
  'protocol4.pt',
  'strided.pt',
  'strided_old.pt',
  'negated.pt',
  'negated_old.pt',
  'big_endian.pt',
  'checkpoint.pt',
].concat(['float32.safetensors', 'stored.npz', 'packed.npz', 'fortran.npz', 'big_endian.npz']);

describe('files of other programs', () => {
  it.each(PLAIN)('%s has the numbers, bit for bit', async (file) => {
    const notes = await expectNumbers(file, exact);
    expect(notes.filter((note) => note.includes('rounded'))).toEqual([]);
  });

  it.each(['double.pt', 'double.safetensors', 'double.npz'])('%s is rounded, and says so', async (file) => {
    const notes = await expectNumbers(file, exact);
    expect(notes.join()).toContain('Numbers of float64 were rounded to float32');
  });

  it.each([
    ['half.pt', fromFloat16],
    ['half.safetensors', fromFloat16],
    ['half.npz', fromFloat16],
    ['bfloat16.pt', fromBfloat16],
    ['bfloat16.safetensors', fromBfloat16],
  ])('%s is read exactly', async (file, read) => {
    expect((await expectNumbers(file, read)).join()).not.toContain('rounded');
  });

  it('are all read by one of these tests', () => {
    const others = ['double.pt', 'double.safetensors', 'double.npz', 'half.pt', 'half.safetensors', 'half.npz'].concat(
      ...['bfloat16.pt', 'bfloat16.safetensors', 'two.pt', 'whole.pt', 'expanded.pt', 'objects.npz', 'parallel.pt'],
    );
    expect(readdirSync(pathOf('.')).sort()).toEqual([...PLAIN, ...others].sort());
  });
});

describe('a checkpoint', () => {
  it('with several state dicts is refused with all of them, and read by name', async () => {
    await expect(importModel(pathOf('two.pt'))).rejects.toMatchObject({
      code: 'ambiguous_network',
      message: expect.stringMatching(/'model' with 7 tensors, 'ema\.state_dict' with 7 tensors/),
    });
    await expectNumbers('two.pt', exact, { stateDict: 'model' });
    const { model } = await importModel(pathOf('two.pt'), { stateDict: 'ema.state_dict' });
    const [first] = uniform(1, 'fc.bias', 2, 0.5);
    expect(model.parameters.get('fc.bias')?.data[0]).toBe(2 * (first as number));
    await expect(importModel(pathOf('two.pt'), { stateDict: 'optimizer' })).rejects.toMatchObject({
      code: 'missing_tensor',
    });
    model.dispose();
  });

  it('is described without its optimizer', async () => {
    const { tensors, facts, network: text } = await inspectFile(pathOf('checkpoint.pt'));
    expect([...tensors.keys()]).toEqual(Object.keys(SHAPES));
    expect(facts.get('state dict')).toBe('model');
    expect(text).toContain('gru');
    const { obstacle } = await inspectFile(pathOf('expanded.pt'));
    expect(obstacle).toBeUndefined();
  });

  it('is not read when it is closed', async () => {
    const { tensors } = await inspectFile(pathOf('float32.safetensors'));
    expect(() => tensors.get('fc.bias')?.read()).toThrow('it has been closed');
  });
});

describe('a whole module', () => {
  it('is refused by the name of its class, and nothing is executed', async () => {
    await expect(importModel(pathOf('whole.pt'))).rejects.toMatchObject({
      code: 'refused_global',
      message: expect.stringMatching(/'__main__ Network'.*torch\.save\(model\.state_dict\(\)/),
    });
  });
});

describe('an expanded tensor', () => {
  it('repeats its numbers', async () => {
    const { model } = await importModel(pathOf('expanded.pt'));
    expect([...(model.parameters.get('dense.weight')?.data ?? [])]).toEqual(new Array(12).fill(0));
    expect([...(model.parameters.get('dense.bias')?.data ?? [])]).toEqual([0, 1, 2]);
    model.dispose();
  });
});

describe('Python objects in an archive', () => {
  it('are refused', async () => {
    await expect(importModel(pathOf('objects.npz'))).rejects.toMatchObject({ code: 'file_unsupported' });
  });
});

describe('the modules of a file', () => {
  const chain = (names: { embedding: string; gru: string; dense: string }) =>
    network({
      inputs: { input: { kind: 'indices', size: 5 } },
      nodes: [
        { name: names.embedding, layer: embedding({ size: 5, units: 3 }), inputs: ['input'] },
        { name: names.gru, layer: gru({ units: 4 }), inputs: [names.embedding] },
        { name: names.dense, layer: dense({ units: 2 }), inputs: [names.gru] },
      ],
      output: names.dense,
    });

  it('may all stand in another one', async () => {
    await expectNumbers('parallel.pt', exact, { network: chain({ embedding: 'embedding', gru: 'rnn', dense: 'fc' }) });
  });

  it('are given to nodes by a map, by shapes, and tensor by tensor', async () => {
    const other = chain({ embedding: 'a', gru: 'b', dense: 'c' });
    for (const map of [{}, { fc: 'c' }, { 'fc.weight': 'c.weight', 'fc.bias': 'c.bias', rnn: 'b' }] as Record<
      string,
      string
    >[]) {
      const { model } = await importModel(pathOf('plain.pt'), { network: other, map });
      expect([...(model.parameters.get('c.bias')?.data ?? [])]).toEqual([...uniform(1, 'fc.bias', 2, 0.5)]);
      expect([...(model.parameters.get('b.bias_hh_l0')?.data ?? [])]).toEqual([
        ...uniform(1, 'rnn.bias_hh_l0', 12, 0.5),
      ]);
      model.dispose();
    }
  });

  it.each([
    ['another node', { fc: 'd' }, 'invalid_option', "there is no node with parameters 'd'"],
    ['another module', { gc: 'c' }, 'invalid_option', "there is no module of the file 'gc'"],
    ['a node that it does not fit', { fc: 'b' }, 'missing_tensor', "nothing in 'fc' gives 'b.weight_ih_l0' [12, 3]"],
    ['a parameter that it does not fit', { 'fc.weight': 'c.bias' }, 'tensor_mismatch', "'fc.weight' is [2, 4]"],
    ['nothing', { fc: '' }, 'missing_tensor', "no module of the file has the tensors of node 'c'"],
    ['a number', { fc: 1 }, 'invalid_option', "'fc' must lead to the name of a node"],
  ])('cannot lead to %s', async (_, map, code, message) => {
    const other = chain({ embedding: 'a', gru: 'b', dense: 'c' });
    const failed = importModel(pathOf('plain.pt'), { network: other, map: map as never });
    await expect(failed).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it('must all be used, unless they are left out on purpose', async () => {
    const body = sequential([embedding({ size: 5, units: 3 }), gru({ units: 4 })]);
    await expect(importModel(pathOf('plain.pt'), { network: body })).rejects.toMatchObject({
      code: 'unused_tensor',
      message: expect.stringContaining("no node of the network takes 'fc.weight'"),
    });
    const { model, notes } = await importModel(pathOf('plain.pt'), { network: body, map: { fc: '' } });
    expect(notes).toContain("Left out as 'map' says: 'fc'.");
    model.dispose();
  });

  it('are refused where two of them fit a node', async () => {
    const two = sequential([gru({ units: 3 }), gru({ units: 3 })], { features: 3 });
    const { model } = await importModel(pathOf('plain.pt'));
    model.dispose();
    const saved = two.compileSync({ threads: 1, loss: 'meanSquaredError' });
    const path = `${temporaryDirectory()}/two.safetensors`;
    await exportModel(saved, path, { to: 'pytorch' });
    const named = network({
      inputs: { input: { kind: 'features', units: 3 } },
      nodes: [
        { name: 'a', layer: gru({ units: 3 }), inputs: ['input'] },
        { name: 'b', layer: gru({ units: 3 }), inputs: ['a'] },
      ],
      output: 'b',
    });
    await expect(importModel(path, { network: named })).rejects.toMatchObject({
      code: 'ambiguous_network',
      message: expect.stringMatching(/node 'a' may be 'gru' or 'gru_1'/),
    });
    const { model: mapped } = await importModel(path, { network: named, map: { gru_1: 'a' } });
    expect([...(mapped.parameters.get('a.bias_ih_l0')?.data ?? [])]).toEqual([
      ...(saved.parameters.get('gru_1.bias_ih_l0')?.data ?? []),
    ]);
    mapped.dispose();
    saved.dispose();
  });

  it('are refused where a width is another one', async () => {
    const wide = sequential([embedding({ size: 5, units: 3 }), gru({ units: 4 }), dense({ units: 3 })]);
    await expect(importModel(pathOf('plain.pt'), { network: wide })).rejects.toMatchObject({
      code: 'missing_tensor',
      message: expect.stringContaining("'dense.weight' [3, 4]"),
    });
    const named = chain({ embedding: 'embedding', gru: 'rnn', dense: 'other' });
    const wrong = network({
      ...named.description,
      nodes: named.description.nodes.map((node) =>
        node.name === 'other' ? { ...node, name: 'fc', layer: dense({ units: 3 }) } : node,
      ),
      output: 'fc',
    });
    await expect(importModel(pathOf('plain.pt'), { network: wrong })).rejects.toMatchObject({
      code: 'tensor_mismatch',
      message: expect.stringContaining("'fc.weight' is [2, 4], but 'fc.weight' [3, 4] is wanted of it"),
    });
  });
});

describe('an affine layer with the weights of an embedding', () => {
  it('is named, and is one with it where the network says so', async () => {
    const path = join(temporaryDirectory(), 'tied.safetensors');
    const table = { shape: [5, 4], data: uniform(1, 'table', 20, 0.5) };
    const layers = (tied: object) => [
      embedding({ size: 5, units: 4 }),
      gru({ units: 4 }),
      dense({ units: 5, ...tied }),
    ];
    const source = sequential(layers({})).compileSync({ threads: 1 });
    const names = [...source.parameters].map(([name, { shape, data }]) => [name, { shape, data }] as const);
    source.dispose();
    const write = (own: object) =>
      writeSafetensorsSync(
        path,
        new Map([...names, ['embedding.weight', table], ['dense.weight', { ...table, ...own }]]),
      );
    write({});
    const free = await importModel(path, { network: sequential(layers({})) });
    expect(free.notes.join()).toContain("'dense.weight' has the numbers of 'embedding.weight'");
    const tied = await importModel(path, { network: sequential(layers({ tied: 'embedding' })) });
    expect(await tied.model.predict([[1, 2]])).toEqual(await free.model.predict([[1, 2]]));
    expect(tied.model.parameters.has('dense.weight')).toBe(false);
    for (const { model } of [free, tied]) model.dispose();
    write({ data: uniform(2, 'table', 20, 0.5) });
    await expect(importModel(path, { network: sequential(layers({ tied: 'embedding' })) })).rejects.toMatchObject({
      code: 'tensor_mismatch',
      message: expect.stringContaining("'dense' is tied to 'embedding', but 'dense.weight' has other numbers"),
    });
  });
});

describe('a network with one bias', () => {
  it('takes a second one that is zero, and no other', async () => {
    const path = join(temporaryDirectory(), 'biases.safetensors');
    const one = sequential([gru({ units: 2, biases: 'one' })], { features: 1 });
    const write = (bias: number) =>
      writeSafetensorsSync(
        path,
        new Map([
          ['gru.weight_ih_l0', { shape: [6, 1], data: uniform(1, 'a', 6) }],
          ['gru.weight_hh_l0', { shape: [6, 2], data: uniform(1, 'b', 12) }],
          ['gru.bias_ih_l0', { shape: [6], data: uniform(1, 'c', 6) }],
          ['gru.bias_hh_l0', { shape: [6], data: Float32Array.of(0, 0, 0, 0, 0, bias) }],
        ]),
      );
    write(0);
    const { model } = await importModel(path, { network: one });
    model.dispose();
    write(0.1);
    await expect(importModel(path, { network: one })).rejects.toMatchObject({
      code: 'tensor_mismatch',
      message: expect.stringContaining("node 'gru' has one bias, but 'gru.bias_hh_l0' is not zero"),
    });
  });
});
