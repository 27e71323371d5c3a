import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { importModel } from '../../../src/interchange/import-model.js';
import type { ConstantTensor } from '../../../src/interchange/onnx/constants/constant-tensor.js';
import { numberTensor } from '../../../src/interchange/onnx/constants/constant-tensor.js';
import { graphOf } from '../../../src/interchange/onnx/ir.js';
import { GraphProtoSchema, ModelProtoSchema } from '../../../src/interchange/onnx/onnx-pb.js';
import { temporaryDirectory } from '../../checkpoint/temporary-directory.js';
import { evaluatedGraph } from './graph-evaluation.js';

interface Case {
  readonly name: string;
  readonly opset: number;
  readonly cells: readonly string[];
  readonly graph: string;
}

/** Made by golden/make_cells.py. */
const { cases } = JSON.parse(readFileSync(new URL('./golden/cells.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

const graphIn = ({ graph }: Case) => fromBinary(GraphProtoSchema, new Uint8Array(Buffer.from(graph, 'base64')));

function fileOf(each: Case): string {
  const opsetImport = [{ domain: '', version: BigInt(each.opset) }];
  const model = create(ModelProtoSchema, { irVersion: 8n, opsetImport, graph: graphIn(each) });
  const file = path.join(temporaryDirectory(), 'cell.onnx');
  writeFileSync(file, toBinary(ModelProtoSchema, model));
  return file;
}

/** What the graph of a file gives step by step, its outputs being the states of the next one. */
function* steps(each: Case, inputs: readonly (readonly number[])[]): Generator<readonly ConstantTensor[]> {
  const graph = graphOf(graphIn(each));
  const states = graph.inputs.filter(({ name }) => name !== 'x');
  let values = states.map(({ sizes = [] }) => {
    const shape = sizes.map((size) => (typeof size === 'number' ? size : 1));
    return numberTensor('float32', new Float64Array(shape.reduce((a, b) => a * b, 1)), shape) as ConstantTensor;
  });
  for (const x of inputs) {
    const given = new Map(states.map(({ name }, at) => [name, values[at] as ConstantTensor] as const));
    given.set('x', numberTensor('float32', x, [1, x.length]));
    const outputs = evaluatedGraph(graph, given, each.opset);
    yield outputs;
    values = outputs.slice(0, states.length);
  }
}

/** Cells whose outputs are h and c, or h, in the order of the inputs; with inputs of the names that states have. */
const STREAMED = cases.filter(
  (each) =>
    each.cells.length === 1 && graphOf(graphIn(each)).inputs.every(({ name }) => ['x', 'h', 'c'].includes(name)),
);

describe('ONNX files of one cell', () => {
  it.each(STREAMED)('become models whose streams go on as the file does, step by step: $name', async (each) => {
    const width = graphOf(graphIn(each)).inputs[0]?.sizes?.[1] as number;
    const inputs = [0, 1, 2, 3].map((step) => Array.from({ length: width }, (_, at) => Math.sin(step * 3 + at)));
    const { model, notes } = await importModel(fileOf(each));
    expect(notes.join(' ')).toContain('are the state of a stream');
    const stream = model.stream();
    for (const [step, outputs] of [...steps(each, inputs)].entries()) {
      const shown = stream.step(Float32Array.from(inputs[step] as number[]));
      // The output that is no state, where there is one; else h.
      const wanted = (outputs.length > 1 && each.cells[0] !== 'LSTM' ? outputs[1] : outputs[0]) as ConstantTensor;
      expect(shown).toHaveLength(wanted.data.length);
      for (const [at, number] of wanted.data.entries()) expect(shown[at]).toBeCloseTo(number as number, 5);
    }
    model.dispose();
  });

  it('are enough to test', () => {
    expect(STREAMED.length).toBeGreaterThan(25);
  });
});

/** Silero VAD, which is not part of the project. */
const silero = fileURLToPath(new URL('../../../../shared/models/silero/silero_vad_op18_ifless.onnx', import.meta.url));
const isMissing = !existsSync(silero);
if (isMissing) console.warn(`SKIPPED: the model ${silero} is not there`);

describe.skipIf(isMissing)('Silero VAD', () => {
  it('is a stream of steps of 576 samples, with an LSTM that its file writes out', async () => {
    const axes = { input: ['step', 576], state: ['state', 2, 'step', 128] };
    const { model } = await importModel(silero, { constants: { sr: 16000 }, axes });
    const stream = model.stream();
    // What ONNX Runtime 1.30 gives for these samples.
    for (const [step, wanted] of [0.02764845, 0.06143084, 0.11632669, 0.07706726].entries()) {
      const samples = Float32Array.from(
        { length: 576 },
        (_, at) => 0.3 * Math.sin(at * 0.05 * (step + 1)) + 0.1 * Math.cos(at * at * 0.001),
      );
      expect(stream.step(samples)[0]).toBeCloseTo(wanted, 5);
    }
    model.dispose();
  });
});
