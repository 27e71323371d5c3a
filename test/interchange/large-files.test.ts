import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { writeSafetensorsSync } from '../../src/checkpoint/safetensors.js';
import type { StoredTensor } from '../../src/checkpoint/tensor-types.js';
import { ModelProtoSchema } from '../../src/interchange/onnx/onnx-pb.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

const WIDTH = 2048;
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const MEBIBYTE = 2 ** 20;
const entry = fileURLToPath(new URL('../../build/typescript/entries/interchange.js', import.meta.url));

/** Imports a file, and says by how many bytes the process has grown at most, and how many are parameters. */
const PROGRAM = `
const { importModel } = await import(process.argv[1]);
const { sequential, dense } = await import(process.argv[1].replace('entries/interchange', 'index'));
const small = sequential([dense({ units: 2 })], { features: 2 }).compileSync({ threads: 1 });
small.predictSync([[[1, 2]]]);
const before = process.resourceUsage().maxRSS;
const { model } = await importModel(process.argv[2]);
const grown = (process.resourceUsage().maxRSS - before) * 1024;
const parameters = [...model.parameters.values()];
const sum = parameters.reduce((total, { data }) => total + data[0] + data.at(-1), 0);
console.log(JSON.stringify({ grown, sum, bytes: parameters.reduce((total, { data }) => total + data.byteLength, 0) }));
`;

const matrix = (seed: number) => new Float32Array(WIDTH * WIDTH).fill(seed / 8);

/** Products with constant matrices, every second one of which is transposed first. */
function onnxFile(): string {
  const initializer = NAMES.map((name, at) => {
    return { name, dims: [WIDTH, WIDTH].map(BigInt), dataType: 1, rawData: new Uint8Array(matrix(at + 1).buffer) };
  });
  const node = NAMES.flatMap((name, at) => [
    { opType: 'Transpose', input: [name], output: [`${name}2`] },
    { opType: 'MatMul', input: [`x${at}`, `${name}${at % 2 === 0 ? '' : 2}`], output: [`x${at + 1}`] },
  ]);
  const value = (size: number) => ({ value: { case: 'dimValue', value: BigInt(size) } as const });
  const dim = [{ value: { case: 'dimParam', value: 'batch' } as const }, value(WIDTH)];
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ version: 17n }],
    graph: {
      name: 'g',
      initializer,
      node,
      input: [{ name: 'x0', type: { value: { case: 'tensorType', value: { elemType: 1, shape: { dim } } } } }],
      output: [{ name: `x${NAMES.length}` }],
    },
  });
  const path = join(temporaryDirectory(), 'large.onnx');
  writeFileSync(path, toBinary(ModelProtoSchema, model));
  return path;
}

/** The state of an LSTM of three layers. */
function safetensorsFile(): string {
  const path = join(temporaryDirectory(), 'large.safetensors');
  const units = WIDTH / 2;
  const parameters = new Map<string, StoredTensor>();
  for (const layer of [0, 1, 2]) {
    for (const [at, part] of ['ih', 'hh'].entries()) {
      const name = `${part}_l${layer}`;
      parameters.set(`weight_${name}`, { shape: [4 * units, units], data: matrix(2 * layer + at + 1) });
      parameters.set(`bias_${name}`, { shape: [4 * units], data: new Float32Array(4 * units) });
    }
  }
  writeSafetensorsSync(path, parameters, new Map());
  return path;
}

describe.each([
  ['ONNX', onnxFile],
  ['safetensors', safetensorsFile],
])('a file of 96 MiB: %s', (_, make) => {
  it('is taken over in the memory of the model and a few tensors', () => {
    const options = ['--input-type=module', '-e', PROGRAM, entry, make()];
    const { grown, sum, bytes } = JSON.parse(execFileSync(process.execPath, options, { encoding: 'utf8' }));
    expect(sum).toBe(2 * (21 / 8));
    expect(bytes).toBeGreaterThanOrEqual(96 * MEBIBYTE);
    // The file beside the model would be 96 MiB more, and the numbers of the optimizer twice as much.
    expect(grown / MEBIBYTE).toBeLessThan(96 + 80);
  });
});
