/** Runs ONNX's own tests of single nodes on what the importer makes of them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { BpttError } from '../../../src/core/errors.js';
import { importModel } from '../../../src/interchange/import-model.js';
import type { ConstantTensor } from '../../../src/interchange/onnx/constants/constant-tensor.js';
import { constantOf } from '../../../src/interchange/onnx/constants/tensor-proto.js';
import { type ModelProto, ModelProtoSchema, TensorProtoSchema } from '../../../src/interchange/onnx/onnx-pb.js';
import type { Model } from '../../../src/model/model.js';
import { temporaryDirectory } from '../../checkpoint/temporary-directory.js';

/** A test of onnx, as golden/make_nodes.py writes it. */
export interface NodeCase {
  readonly name: string;
  readonly operator: string;
  readonly opsets: readonly number[];
  readonly model: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** What came of a test. */
export type Outcome =
  | { readonly kind: 'passed'; readonly axes: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'wrong'; readonly axes: string; readonly what: string };

type Axes = readonly (string | number)[];

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));

const tensorOf = (text: string) => constantOf(fromBinary(TensorProtoSchema, bytes(text)), 'case.onnx');

/** Every way to put rows on the axes of a tensor: time, examples, or both. */
function arrangements(shape: readonly number[]): Axes[] {
  const all: Axes[] = [];
  const at = (time: number, batch: number) =>
    shape.map((size, axis) => (axis === time ? 'time' : axis === batch ? 'batch' : size));
  for (const [time] of shape.entries()) all.push(at(time, -1));
  for (const [batch] of shape.entries()) {
    for (const [time] of shape.entries()) if (time !== batch) all.push(at(time, batch));
  }
  for (const [batch] of shape.entries()) all.push(at(-1, batch));
  return shape.includes(0) ? [] : all;
}

/** Which axes another input has where it lies beside the first one: the same rows, where the sizes agree. */
function beside(axes: Axes, first: readonly number[], shape: readonly number[]): Axes | undefined {
  if (shape.length !== first.length || shape.some((size, at) => size !== first[at])) return undefined;
  return axes;
}

/** The numbers of one example: [rows, columns] with the rows along time. */
function exampleOf({ shape, data }: ConstantTensor, axes: Axes, example: number): number[][] {
  const [time, batch] = [axes.indexOf('time'), axes.indexOf('batch')];
  const rows = Array.from({ length: time < 0 ? 1 : (shape[time] as number) }, (): number[] => []);
  const index = shape.map(() => 0);
  for (const value of data) {
    if (batch < 0 || index[batch] === example) rows[time < 0 ? 0 : (index[time] as number)]?.push(Number(value));
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      index[axis] = 0;
    }
  }
  return rows;
}

/** All ways in which an output may have rows. A result that agrees with one of them agrees. */
function expectations(tensor: ConstantTensor, { examples, steps }: Plan): number[][][] {
  const none: Axes = tensor.shape.map(String);
  const layouts = [...arrangements(tensor.shape), ...(examples === 1 ? [none] : [])];
  const apart = tensor.shape.flatMap((size, axis) =>
    size === examples * steps && steps > 1 && examples > 1 ? [axis] : [],
  );
  const parted = apart.flatMap((axis) =>
    [
      [examples, steps],
      [steps, examples],
    ].flatMap((pair) => {
      const shape = [...tensor.shape.slice(0, axis), ...pair, ...tensor.shape.slice(axis + 1)];
      const names = pair[0] === examples ? ['batch', 'time'] : ['time', 'batch'];
      const axes: Axes = [...tensor.shape.slice(0, axis), ...names, ...tensor.shape.slice(axis + 1)];
      return [Array.from({ length: examples }, (_, example) => exampleOf({ ...tensor, shape }, axes, example).flat())];
    }),
  );
  const plain = layouts.flatMap((axes) => {
    const batch = axes.indexOf('batch');
    const count = batch < 0 ? 1 : (tensor.shape[batch] as number);
    if (count !== examples) return [];
    return [Array.from({ length: count }, (_, example) => exampleOf(tensor, axes, example).flat())];
  });
  return [...plain, ...parted];
}

function difference(found: ArrayLike<number>[], wanted: readonly number[][]): number {
  let worst = 0;
  for (const [at, numbers] of wanted.entries()) {
    if (found[at]?.length !== numbers.length) return Number.POSITIVE_INFINITY;
    for (const [place, value] of numbers.entries()) {
      const off = Math.abs((found[at]?.[place] as number) - value) / Math.max(1, Math.abs(value));
      worst = Math.max(worst, Number.isNaN(off) ? Number.POSITIVE_INFINITY : off);
    }
  }
  return worst;
}

/** Rounding of float32 in sums of some dozens of products, of the size of the result. */
const TOLERANCE: Readonly<Record<string, number>> = { float16: 2e-3, bfloat16: 1e-2 };
const OF_FLOAT32 = 3e-5;

/** Where a case is written, and under which version of the operators. */
interface Place {
  readonly folder: string;
  readonly opset: number;
}

/** The file of a case under another version of the operators, with all inputs but these as tensors of the file. */
function fileOf(each: NodeCase, { folder, opset }: Place, given: ReadonlySet<string>): string {
  const model: ModelProto = fromBinary(ModelProtoSchema, bytes(each.model));
  for (const entry of model.opsetImport) if (entry.domain === '') entry.version = BigInt(opset);
  const { graph } = model;
  if (graph === undefined) throw new Error('a case has a graph');
  for (const [at, text] of each.inputs.entries()) {
    const { name } = graph.input[at] as { readonly name: string };
    if (given.has(name)) continue;
    const tensor = fromBinary(TensorProtoSchema, bytes(text));
    tensor.name = name;
    graph.initializer.push(tensor);
  }
  const path = join(folder, 'case.onnx');
  writeFileSync(path, toBinary(ModelProtoSchema, model));
  return path;
}

interface Plan {
  readonly axes: ReadonlyMap<string, Axes>;
  readonly examples: number;
  readonly steps: number;
}

/** Where an operator has examples and time by its definition. */
const NATURAL: Readonly<Record<string, Axes>> = {
  RNN: ['time', 'batch'],
  LSTM: ['time', 'batch'],
  GRU: ['time', 'batch'],
  Conv: ['batch', '', 'time'],
  AveragePool: ['batch', '', 'time'],
  MaxPool: ['batch', '', 'time'],
  BatchNormalization: ['batch', '', 'time'],
};

/** Arrangements, that of the operator's definition in front: its refusal is the one that says most. */
function orderedArrangements(operator: string, shape: readonly number[]): Axes[] {
  const wanted = NATURAL[operator] ?? ['time'];
  const isNatural = (axes: Axes) => axes.every((axis, at) => typeof axis === 'number' || axis === wanted[at]);
  const all = arrangements(shape);
  return [...all.filter(isNatural).reverse(), ...all.filter((axes) => !isNatural(axes))];
}

function plansOf(operator: string, names: readonly string[], tensors: readonly ConstantTensor[]): Plan[] {
  const first = tensors.findIndex(({ type }) => ROW_TYPES.has(type));
  const { shape } = tensors[first] ?? { shape: [] };
  return orderedArrangements(operator, shape).flatMap((axes): Plan[] => {
    const batch = axes.indexOf('batch');
    const examples = batch < 0 ? 1 : (shape[batch] as number);
    const time = axes.indexOf('time');
    const steps = time < 0 ? 1 : (shape[time] as number);
    const alone = new Map([[names[first] as string, axes]]);
    const together = new Map(
      names.flatMap((name, at): (readonly [string, Axes])[] => {
        const tensor = tensors[at] as ConstantTensor;
        const own = ROW_TYPES.has(tensor.type) ? beside(axes, shape, tensor.shape) : undefined;
        return own === undefined ? [] : [[name, own] as const];
      }),
    );
    return [...(together.size > 1 ? [{ axes: together, examples, steps }] : []), { axes: alone, examples, steps }];
  });
}

const describePlan = ({ axes }: Plan) => [...axes].map(([name, own]) => `${name} [${own.join(', ')}]`).join(', ');

async function outputsOf(
  model: Model,
  names: readonly string[],
  tensors: readonly ConstantTensor[],
  { axes, examples }: Plan,
): Promise<ReadonlyMap<string, ArrayLike<number>[]>> {
  const { inputs } = model.description;
  const used = names.flatMap((name, at) => {
    const own = axes.get(name);
    const tensor = tensors[at] as ConstantTensor;
    const key = name.replace(/[^\p{L}\p{N}_-]+/gu, '_');
    return own === undefined || !Object.hasOwn(inputs, key) ? [] : [{ key, tensor, own }];
  });
  const columns = used.map(({ key, tensor, own }) => {
    const values = Array.from({ length: examples }, (_, example) => {
      const rows = exampleOf(tensor, own, example);
      return own.includes('time') ? rows : (rows[0] as number[]);
    });
    return [key, values] as const;
  });
  const all = columns.length === 1 ? columns[0]?.[1] : Object.fromEntries(columns);
  if (model.description.outputs === undefined) {
    return new Map([['', (await model.predict(all as never)) as unknown as ArrayLike<number>[]]]);
  }
  return new Map(
    Object.entries((await model.predictAll(all as never)) as unknown as Record<string, ArrayLike<number>[]>),
  );
}

/** Compares everything that the model gives with the case. */
function compare(each: NodeCase, found: ReadonlyMap<string, ArrayLike<number>[]>, plan: Plan): string | undefined {
  const wanted = each.outputs.map(tensorOf);
  const names = fromBinary(ModelProtoSchema, bytes(each.model)).graph?.output.map(({ name }) => name) ?? [];
  for (const [name, values] of found) {
    const candidates = name === '' ? wanted : wanted.filter((_, at) => names[at] === name);
    const ratios = candidates.flatMap((tensor) =>
      expectations(tensor, plan).map((numbers) => difference(values, numbers) / (TOLERANCE[tensor.type] ?? OF_FLOAT32)),
    );
    const least = Math.min(...ratios);
    if (!(least <= 1)) return `${name}: ${least} times the tolerance`;
  }
  return undefined;
}

/** The reason without what is particular to one case. */
const general = (error: BpttError) =>
  error.message
    .replace(/^'[^']*': /, '')
    .replace(/^\w+ '[^']*': /, '')
    .replace(/\/[^ ']*\.onnx/g, 'FILE');

async function attempt(each: NodeCase, place: Place, plan: Plan): Promise<Outcome> {
  const names = fromBinary(ModelProtoSchema, bytes(each.model)).graph?.input.map(({ name }) => name) ?? [];
  const path = fileOf(each, place, new Set(plan.axes.keys()));
  let model: Model | undefined;
  try {
    ({ model } = await importModel(path, { axes: Object.fromEntries(plan.axes), threads: 1 }));
    const found = await outputsOf(model, names, each.inputs.map(tensorOf), plan);
    const what = compare(each, found, plan);
    const axes = describePlan(plan);
    return what === undefined ? { kind: 'passed', axes } : { kind: 'wrong', axes, what };
  } catch (error) {
    if (!(error instanceof BpttError)) throw error;
    return { kind: 'refused', reason: general(error) };
  } finally {
    model?.dispose();
  }
}

const ROW_TYPES: ReadonlySet<string> = new Set(['float32', 'float64', 'float16', 'bfloat16', 'bool']);

/**
 * Runs a case under every arrangement of rows, or one of them.
 *
 * @param axes that of an outcome before
 * @returns `wrong` where any of them gives other numbers: whatever the arrangement, the file says the same
 */
export async function runCase(each: NodeCase, opset: number, axes?: string): Promise<Outcome> {
  const tensors = each.inputs.map(tensorOf);
  const names = fromBinary(ModelProtoSchema, bytes(each.model)).graph?.input.map(({ name }) => name) ?? [];
  if (!tensors.some(({ type }) => ROW_TYPES.has(type))) {
    return { kind: 'refused', reason: tensors.length === 0 ? 'no input' : 'no input of real numbers' };
  }
  const place = { folder: temporaryDirectory(), opset };
  let passed: Outcome | undefined;
  let refused: Outcome | undefined;
  for (const plan of plansOf(each.operator, names, tensors)) {
    if (axes !== undefined && axes !== describePlan(plan)) continue;
    const outcome = await attempt(each, place, plan);
    if (outcome.kind === 'wrong') return outcome;
    if (outcome.kind === 'passed') passed ??= outcome;
    else refused ??= outcome;
  }
  return passed ?? refused ?? { kind: 'refused', reason: 'no axis can have rows' };
}
