import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import type { ConstantTensor } from '../../../src/interchange/onnx/constants/constant-tensor.js';
import { evaluateConstant, FOLDABLE } from '../../../src/interchange/onnx/constants/evaluate.js';
import { constantOf } from '../../../src/interchange/onnx/constants/tensor-proto.js';
import { graphOf } from '../../../src/interchange/onnx/ir.js';
import { GraphProtoSchema, TensorProtoSchema } from '../../../src/interchange/onnx/onnx-pb.js';

interface Case {
  readonly name: string;
  readonly opsets: readonly number[];
  /** A graph of one node and its inputs. */
  readonly graph: string;
  readonly outputs: readonly string[];
}

/** Made by golden/make_operators.py. */
const { cases } = JSON.parse(readFileSync(new URL('./golden/operators.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const tensorOf = (text: string) => constantOf(fromBinary(TensorProtoSchema, bytes(text)), 'case.onnx');

function evaluated({ graph: text }: Case, opset: number): { op: string; outputs: ConstantTensor[] | undefined } {
  const graph = graphOf(fromBinary(GraphProtoSchema, bytes(text)));
  const [node] = graph.nodes;
  if (node === undefined) throw new Error('a case has a node');
  const inputs = node.inputs.map((name) => {
    const tensor = graph.initializers.get(name);
    return tensor && constantOf(tensor, 'case.onnx');
  });
  return { op: node.op, outputs: evaluateConstant(node, inputs, opset, 'case.onnx') };
}

/** How far results may be from those of ONNX, of their size: some units in the last place of the type. */
const TOLERANCE: Readonly<Record<string, number>> = { float64: 1e-7, float32: 1e-6, float16: 1e-3, bfloat16: 8e-3 };

function expectSame(actual: ConstantTensor | undefined, expected: ConstantTensor): void {
  expect({ type: actual?.type, shape: actual?.shape }).toEqual({ type: expected.type, shape: expected.shape });
  const tolerance = TOLERANCE[expected.type];
  if (tolerance === undefined) {
    expect([...(actual?.data ?? [])]).toEqual([...expected.data]);
    return;
  }
  const largest = Math.max(1, ...[...expected.data].map(Number).filter(Number.isFinite).map(Math.abs));
  for (const [at, wanted] of [...expected.data].map(Number).entries()) {
    const found = Number(actual?.data[at]);
    if (!Number.isFinite(wanted)) expect(found).toBe(wanted);
    else expect(Math.abs(found - wanted), `${found} is ${wanted} at ${at}`).toBeLessThanOrEqual(tolerance * largest);
  }
}

describe('nodes of constants', () => {
  it.each(cases.flatMap((each) => each.opsets.map((opset) => ({ ...each, opset }))))(
    'become what ONNX says: $name, operator set $opset',
    (each) => {
      const { outputs } = evaluated(each, each.opset);
      expect(outputs).toHaveLength(each.outputs.length);
      for (const [at, output] of each.outputs.entries()) expectSame(outputs?.[at], tensorOf(output));
    },
  );

  it('are of all operators that can be computed', () => {
    const tested = new Set(cases.map((each) => evaluated(each, each.opsets[0] as number).op));
    expect([...tested].sort()).toEqual([...FOLDABLE].sort());
    expect(cases.length).toBeGreaterThan(550);
  });
});
