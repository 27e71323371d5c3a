import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { numbers, onnxFile } from '../interchange/onnx/onnx-file.js';
import { runBptt, startBptt } from './run-bptt.js';

/** y = tanh(x W + b), with [batch, 2] -> [batch, 3]. */
const file = () =>
  onnxFile({
    inputs: { x: ['batch', 2] },
    outputs: ['y'],
    tensors: { W: { shape: [2, 3], numbers: [1, 0, -1, 0.5, 2, 0] }, b: { shape: [3], numbers: [0, 0.5, 1] } },
    nodes: [
      { op: 'Gemm', inputs: ['x', 'W', 'b'], outputs: ['s'] },
      { op: 'Tanh', inputs: ['s'], outputs: ['y'] },
    ],
  });

describe('bptt import', () => {
  it('makes a run of a file, which predicts sequences and streams', async () => {
    const run = join(temporaryDirectory(), 'run');
    const imported = await runBptt(['import', file(), '--out', run]);
    expect(imported).toMatchObject({ status: 0 });
    expect(imported.stderr).toContain('note: The input x [step, 2].');
    const predicted = await runBptt(['predict', run, '[[1, 2], [0, 0]]']);
    const { output } = JSON.parse(predicted.stdout) as { output: number[][] };
    const wanted = [
      [2, 4.5, 0],
      [0, 0.5, 1],
    ].map((row) => row.map(Math.tanh));
    for (const [step, row] of wanted.entries()) {
      for (const [at, value] of row.entries()) expect(output[step]?.[at]).toBeCloseTo(value, 5);
    }
    const [child, ended] = startBptt(['predict', run, '--stream'], {}, 'pipe');
    child.stdin?.end('[1, 2]\n[0, 0]\n');
    const lines = (await ended).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { output: number[] });
    expect(lines.map((line) => line.output)).toEqual(output);
  });

  it('refuses a folder that is not empty, and a file of no format', async () => {
    const run = join(temporaryDirectory(), 'run');
    await runBptt(['import', file(), '--out', run]);
    const again = await runBptt(['import', file(), '--out', run]);
    expect(again).toMatchObject({ status: 2, stdout: '' });
    expect(again.stderr).toContain('[run_exists]');
    const other = await runBptt(['import', join(run, 'config.json'), '--out', join(run, 'other'), '--format', 'onnx']);
    expect(other.stderr).toMatch(/\[file_corrupt\].*is no ONNX file/);
  });

  it('says what a sequence must be', async () => {
    const run = join(temporaryDirectory(), 'run');
    await runBptt(['import', file(), '--out', run]);
    expect((await runBptt(['predict', run, 'x'])).stderr).toMatch(/\[invalid_row\]: input 1: "x" is not JSON/);
    expect((await runBptt(['predict', run, '[[1, 2, 3]]'])).stderr).toContain('[shape_mismatch]');
  });
});

describe('bptt export', () => {
  it('writes over nothing without --force', async () => {
    const run = join(temporaryDirectory(), 'run');
    await runBptt(['import', file(), '--out', run]);
    const out = join(temporaryDirectory(), 'model.safetensors');
    writeFileSync(out, 'mine');
    const command = ['export', run, '--to', 'pytorch', '--out', out];
    expect(await runBptt(command)).toMatchObject({ status: 2, stderr: expect.stringContaining('--force') });
    expect(readFileSync(out, 'utf8')).toBe('mine');
    expect(await runBptt([...command, '--force'])).toMatchObject({ status: 0, stdout: `${out}\n` });
    // The model itself is never written over.
    const itself = ['export', run, '--to', 'pytorch', '--out', join(run, 'best.safetensors'), '--force'];
    expect(await runBptt(itself)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is the model that is exported'),
    });
    expect(readFileSync(out, 'latin1')).toContain('__metadata__');
    const folder = join(temporaryDirectory(), 'folder');
    const toFolder = ['export', run, '--to', 'huggingface', '--out', folder];
    expect((await runBptt(toFolder)).status).toBe(0);
    expect((await runBptt(toFolder)).stderr).toContain('[invalid_option]');
    expect((await runBptt([...toFolder, '--force'])).status).toBe(0);
  });
});

it('bptt predict says what a model of two inputs reads', async () => {
  const path = onnxFile({
    inputs: { a: ['batch', 2], b: ['batch', 2] },
    outputs: ['y'],
    tensors: {},
    nodes: [{ op: 'Add', inputs: ['a', 'b'], outputs: ['y'] }],
  });
  const run = join(temporaryDirectory(), 'run');
  await runBptt(['import', path, '--out', run]);
  for (const given of ['[[1, 2]]', '{"a": [[1, 2]]}', '{"a": [[1, 2]], "b": [[1, 2]], "c": 1}', 'null']) {
    const { stderr } = await runBptt(['predict', run, given]);
    expect(stderr).toMatch(/\[invalid_row\]: input 1: the model has 2 inputs, a, b: expected an object.*got /);
  }
  const { stdout } = await runBptt(['predict', run, '{"a": [[1, 2]], "b": [[3, 4]]}']);
  expect(JSON.parse(stdout)).toEqual({ output: [[4, 6]] });
});

describe('bptt inspect', () => {
  it('shows tensors, operators and the network', async () => {
    const { stdout, status } = await runBptt(['inspect', file()]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/format +onnx\nproducer +test\nopset +17\n/);
    expect(stdout).toMatch(/W +\[2, 3\] +float32 +6\n/);
    expect(stdout).toMatch(/1 +Gemm\n/);
    expect(stdout).toContain('dense');
  });

  it('names operators that are not known, as JSON too', async () => {
    const path = onnxFile({
      inputs: { x: ['batch', 2] },
      outputs: ['y'],
      tensors: { W: { shape: [2, 2], numbers: numbers(4, 1) } },
      nodes: [{ op: 'Einsum', inputs: ['x', 'W'], outputs: ['y'] }],
    });
    expect((await runBptt(['inspect', path])).stdout).toMatch(
      /1 +Einsum +not known\n[\s\S]*cannot be taken over as it is/,
    );
    const json = JSON.parse((await runBptt(['inspect', path, '--json'])).stdout) as object;
    expect(json).toMatchObject({ format: 'onnx', operators: [{ name: 'Einsum', count: 1, isKnown: false }] });
  });
});
