/** Small ONNX files of other programs, and mutations of their graphs. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type ModelProto, ModelProtoSchema } from '../../src/interchange/onnx/onnx-pb.js';

/** Models below so many bytes: mutations of large ones hit numbers of weights alone. */
const MOST_BYTES = 3000;

let known: Buffer[] | undefined;

/** The models of test/interchange/onnx/golden, small ones, of every kind. */
export function onnxSeeds(): Buffer[] {
  known ??= ['exported_models', 'built_models'].flatMap((file) => {
    const path = new URL(`../interchange/onnx/golden/${file}.json.gz`, import.meta.url);
    const cases = JSON.parse(gunzipSync(readFileSync(path)).toString()) as { readonly model: string }[];
    return cases.map(({ model }) => Buffer.from(model, 'base64')).filter(({ length }) => length <= MOST_BYTES);
  });
  return known;
}

/** A number that the bytes give, for choosing. */
function chooser(bytes: Buffer): (count: number) => number {
  let state = bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, bytes.length);
  return (count) => {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    return (((state >>> 8) % count) + count) % count;
  };
}

const SIZES = [0n, 1n, 2n, 3n, 7n, -1n, 2n ** 31n, 2n ** 62n];

function changed({ graph }: ModelProto, choose: (count: number) => number): void {
  if (graph === undefined || graph.node.length === 0) return;
  const pick = <T>(list: readonly T[]) => list[choose(list.length)] as T;
  const [node, other] = [pick(graph.node), pick(graph.node)];
  const names = [...graph.node.flatMap(({ output }) => output), ...graph.initializer.map(({ name }) => name)];
  const changes: (() => void)[] = [
    () => node.input.splice(choose(node.input.length + 1), 1, pick(names)),
    () => node.output.splice(choose(node.output.length + 1), 1, pick(names)),
    () => node.input.splice(choose(node.input.length + 1), 1),
    () => graph.node.splice(choose(graph.node.length), 1),
    () => graph.node.splice(choose(graph.node.length), 0, node),
    () => graph.node.reverse(),
    () => {
      node.opType = other.opType;
    },
    () => node.attribute.splice(choose(node.attribute.length + 1), 1, ...other.attribute),
    () => {
      for (const attribute of node.attribute) {
        attribute.i = pick(SIZES);
        attribute.ints = attribute.ints.map(() => pick(SIZES));
      }
    },
    () => {
      const tensor = graph.initializer.length === 0 ? undefined : pick(graph.initializer);
      if (tensor !== undefined) tensor.dims = tensor.dims.map((size) => (choose(2) === 0 ? size : pick(SIZES)));
    },
    () => {
      const input = graph.input.length === 0 ? undefined : pick(graph.input);
      const type = input?.type?.value;
      if (type?.case !== 'tensorType') return;
      for (const dim of type.value.shape?.dim ?? [])
        if (choose(2) === 0) dim.value = { case: 'dimValue', value: pick(SIZES) };
    },
  ];
  for (let count = choose(3); count >= 0; count--) pick(changes)();
}

/** The model that the bytes are; one of the seeds where they are none any more. */
function modelOf(bytes: Buffer, choose: (count: number) => number): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch {
    const seeds = onnxSeeds();
    return fromBinary(ModelProtoSchema, seeds[choose(seeds.length)] as Buffer);
  }
}

/** A model whose graph is changed as the bytes say: nodes, names, attributes and sizes that do not go together. */
export function asOnnxGraph(bytes: Buffer): Buffer {
  const choose = chooser(bytes);
  const model = modelOf(bytes, choose);
  const isSeed = onnxSeeds().some((seed) => seed.equals(bytes));
  if (!isSeed) changed(model, choose);
  return Buffer.from(toBinary(ModelProtoSchema, model));
}
