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
