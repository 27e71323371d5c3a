import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { importModel } from '../../../src/interchange/import-model.js';
import { inspectFile } from '../../../src/interchange/inspect-file.js';
import {
  AttributeProto_AttributeType,
  type AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  TensorProto_DataLocation,
} from '../../../src/interchange/onnx/onnx-pb.js';
import { temporaryDirectory } from '../../checkpoint/temporary-directory.js';
import { onnxBytes, onnxFile, type SmallGraph } from './onnx-file.js';

const X = { x: ['batch', 'time', 3] } as const;

const tanh = (from: string, to: string) => ({ op: 'Tanh', inputs: [from], outputs: [to] });

/** A graph of the nodes on the input x. */
const graph = (nodes: SmallGraph['nodes'], more: Partial<SmallGraph> = {}): SmallGraph => ({
  inputs: X,
  outputs: ['y'],
  nodes,
  ...more,
});

const ints = (name: string, ...values: number[]) => ({
  op: 'Constant',
  inputs: [],
  outputs: [name],
  attributes: { value_ints: values },
});

/** Twice as many columns after each of so many nodes. */
const doubled = (count: number): SmallGraph['nodes'] =>
  Array.from({ length: count }, (_, at) => ({
    op: 'Concat',
    inputs: at === 0 ? ['x', 'x'] : [`v${at - 1}`, `v${at - 1}`],
    outputs: [at === count - 1 ? 'y' : `v${at}`],
    attributes: { axis: 2 },
  }));

const chain = (count: number): SmallGraph['nodes'] =>
  Array.from({ length: count }, (_, at) => tanh(at === 0 ? 'x' : `v${at - 1}`, at === count - 1 ? 'y' : `v${at}`));

const cases: readonly (readonly [name: string, graph: SmallGraph, code: string, message: RegExp])[] = [
  [
    'a node that reads a later one',
    graph([tanh('b', 'a'), tanh('a', 'b'), tanh('b', 'y')]),
    'unsupported_operator',
    /reads 'b', which nothing/,
  ],
  ['a node that reads itself', graph([tanh('y', 'y')]), 'unsupported_operator', /reads 'y', which nothing/],
  [
    'a name made twice',
    graph([tanh('x', 'a'), tanh('a', 'a'), tanh('a', 'y')]),
    'unsupported_operator',
    /'a' is made twice/,
  ],
  ['an input made again', graph([tanh('x', 'x'), tanh('x', 'y')]), 'unsupported_operator', /'x' is made twice/],
  ['an output that nothing makes', graph([tanh('x', 'a')]), 'unsupported_operator', /'y', which nothing/],
  [
    'columns that double 60 times',
    graph(doubled(60)),
    'unsupported_operator',
    /numbers in each row, more than 4194304/,
  ],
  [
    'repetitions without end',
    graph([ints('many', 1, 1, 2 ** 40), { op: 'Tile', inputs: ['x', 'many'], outputs: ['y'] }]),
    'unsupported_operator',
    /numbers in each row, more than/,
  ],
  [
    'an expansion without end',
    graph([ints('many', 2 ** 20, 2 ** 20, 1, 1, 1), { op: 'Expand', inputs: ['x', 'many'], outputs: ['y'] }]),
    'file_unsupported',
    /too large to take over/,
  ],
  [
    'zeros without end',
    graph([ints('many', 0, 0, 2 ** 40, 0, 0, 2 ** 40), { op: 'Pad', inputs: ['x', 'many'], outputs: ['y'] }]),
    'unsupported_operator',
    /more than|numbers in each row/,
  ],
  [
    'a constant without end',
    graph([ints('many', 2 ** 40, 8), { op: 'ConstantOfShape', inputs: ['many'], outputs: ['y'] }]),
    'file_unsupported',
    /more than 67108864 numbers/,
  ],
  [
    'an input of 2^60 numbers',
    graph([tanh('x', 'y')], { inputs: { x: ['batch', 2 ** 30, 2 ** 30] } }),
    'unsupported_operator',
    /at most 4194304 numbers/,
  ],
  [
    'an input of sizes below 0',
    graph([tanh('x', 'y')], { inputs: { x: ['batch', 'time', -3] } }),
    'unsupported_operator',
    /expected sizes from 0 on/,
  ],
  [
    'axes that are none',
    graph([{ op: 'Transpose', inputs: ['x'], outputs: ['y'], attributes: { perm: [0, 0, 7] } }]),
    'unsupported_operator',
    /perm is \[0, 0, 7\] for 3 axes/,
  ],
  [
    'an operator of another domain',
    graph([{ op: 'Nothing', inputs: ['x'], outputs: ['y'] }]),
    'unsupported_operator',
    /this operator is not known/,
  ],
];

describe('a graph that is none', () => {
  it.each(cases)('is refused: %s', async (_name, small, code, message) => {
    await expect(importModel(onnxFile(small))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it('of 100,000 nodes ends', async () => {
    const path = onnxFile(
      graph([...chain(100_000).slice(0, -1), { op: 'Nothing', inputs: ['v99998'], outputs: ['y'] }]),
    );
    await expect(importModel(path)).rejects.toMatchObject({
      name: expect.stringMatching(/Error$/) as string,
      code: expect.stringMatching(/unsupported/) as string,
    });
  }, 120_000);

  it('with many inputs, each of which can be read in many ways, ends', async () => {
    const names = Array.from({ length: 40 }, (_, at) => `i${at}`);
    const inputs = Object.fromEntries(names.map((name) => [name, ['a', 'b', 3, 4, 5]]));
    const sum = { op: 'Sum', inputs: names, outputs: ['s'] };
    const path = onnxFile(graph([sum, { op: 'Nothing', inputs: ['s'], outputs: ['y'] }], { inputs }));
    await expect(importModel(path)).rejects.toMatchObject({
      code: expect.stringMatching(/unsupported|ambiguous/) as string,
    });
  }, 60_000);
});

describe('bytes that are no file', () => {
  const bytes = onnxBytes(graph(chain(3)));

  it('are refused wherever they end', async () => {
    const path = join(temporaryDirectory(), 'x.onnx');
    const ends = new Set<string>();
    for (let length = 0; length < bytes.length; length++) {
      writeFileSync(path, bytes.subarray(0, length));
      await importModel(path).then(
        ({ model }) => model.dispose(),
        ({ code, name }: { code: string; name: string }) => {
          expect(name).toMatch(/^(Data|Interchange)Error$/);
          ends.add(code);
        },
      );
    }
    expect(ends).toContain('file_corrupt');
  });

  it('are refused with nested graphs', async () => {
    let nested: MessageInitShape<typeof GraphProtoSchema> = { name: 'innermost' };
    for (let depth = 0; depth < 70; depth++) {
      const attribute: MessageInitShape<typeof AttributeProtoSchema>[] = [
        { name: 'body', type: AttributeProto_AttributeType.GRAPH, g: nested },
      ];
      nested = { name: 'around', node: [{ opType: 'Loop', input: ['x'], output: ['y'], attribute }] };
    }
    const model = create(ModelProtoSchema, { irVersion: 8n, opsetImport: [{ version: 17n }], graph: nested });
    const path = join(temporaryDirectory(), 'x.onnx');
    writeFileSync(path, toBinary(ModelProtoSchema, model));
    await expect(importModel(path)).rejects.toMatchObject({ name: 'DataError', code: 'file_corrupt' });
    await expect(inspectFile(path)).rejects.toMatchObject({ code: 'file_corrupt' });
  });

  it('do not lead to files outside of their folder', async () => {
    const folder = temporaryDirectory();
    mkdirSync(join(folder, 'models'));
    writeFileSync(join(folder, 'secret.bin'), Buffer.alloc(36));
    const model = fromBinary(
      ModelProtoSchema,
      onnxBytes(graph([{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }])),
    );
    model.graph?.initializer.push(
      create(GraphProtoSchema, {
        initializer: [
          {
            name: 'w',
            dims: [3n, 3n],
            dataType: 1,
            dataLocation: TensorProto_DataLocation.EXTERNAL,
            externalData: [{ key: 'location', value: '../secret.bin' }],
          },
        ],
      }).initializer[0] as NonNullable<typeof model.graph>['initializer'][number],
    );
    const path = join(folder, 'models', 'x.onnx');
    writeFileSync(path, toBinary(ModelProtoSchema, model));
    await expect(importModel(path)).rejects.toMatchObject({
      name: 'DataError',
      message: expect.stringMatching(/secret\.bin/) as string,
    });
  });

  it.each([2, 3, 4, 5, 8, 14, 99])('are refused with an input of the type %i', async (elemType) => {
    const model = fromBinary(ModelProtoSchema, bytes);
    const type = model.graph?.input[0]?.type?.value;
    if (type?.case === 'tensorType') type.value.elemType = elemType;
    const path = join(temporaryDirectory(), 'x.onnx');
    writeFileSync(path, toBinary(ModelProtoSchema, model));
    await expect(importModel(path)).rejects.toMatchObject({
      code: 'unsupported_operator',
      message: expect.stringMatching(/has elements of the type/) as string,
    });
  });
});

describe('a tensor whose sizes are not those of its numbers', () => {
  it('is refused before anything is made of them', async () => {
    const small = graph([{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }], {
      tensors: { w: { shape: [3, 2 ** 31], numbers: [1, 2, 3] } },
    });
    await expect(importModel(onnxFile(small))).rejects.toMatchObject({
      name: 'DataError',
      message: expect.stringMatching(/tensor 'w'/) as string,
    });
  });

  it.each([2 ** 31, 2 ** 40])('and a window of %i elements is refused', async (kernel) => {
    const attributes = { kernel_shape: [kernel] };
    const nodes = [{ op: 'MaxPool', inputs: ['x'], outputs: ['y'], attributes }];
    await expect(importModel(onnxFile(graph(nodes)))).rejects.toMatchObject({
      code: 'unsupported_operator',
      message: expect.stringMatching(/kernel_shape is/) as string,
    });
  });

  it.each([
    ['num_outputs', { op: 'Split', attributes: { axis: 2, num_outputs: 2 ** 31 } }, /num_outputs is/],
    ['a stride of 0', { op: 'MaxPool', attributes: { kernel_shape: [2], strides: [0] } }, /strides 0/],
  ])('and %s is refused', async (_name, { op, attributes }, message) => {
    const nodes = [{ op, inputs: ['x'], outputs: ['y'], attributes }];
    await expect(importModel(onnxFile(graph(nodes, { opset: 18 })))).rejects.toMatchObject({
      message: expect.stringMatching(message) as string,
    });
  });
});
