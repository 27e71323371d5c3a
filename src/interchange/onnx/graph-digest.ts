/** A digest of everything in a graph but its weights. */
import { createHash } from 'node:crypto';
import { clone, toBinary } from '@bufbuild/protobuf';
import { type GraphProto, GraphProtoSchema } from './onnx-pb.js';

/** A tensor of fixed numbers that are no weights. */
export interface DigestedTensor {
  readonly name: string;
  readonly dimensions: readonly number[];
  readonly bytes: Uint8Array;
}

/** The digest of a graph: of its operators, inputs and outputs, and of the numbers that are no weights, in the order of the file. */
export function graphDigest(graph: GraphProto, tensors: Iterable<DigestedTensor>): string {
  const bare = clone(GraphProtoSchema, { ...graph, initializer: [] });
  const hash = createHash('sha256').update(toBinary(GraphProtoSchema, bare));
  for (const { name, dimensions, bytes } of tensors) {
    hash.update(JSON.stringify([name, dimensions, bytes.byteLength])).update(bytes);
  }
  return hash.digest('hex');
}
