/** ONNX files as their messages. */
import { fromBinary } from '@bufbuild/protobuf';
import type { ByteSource } from '../../core/byte-source.js';
import { DataError, InterchangeError } from '../../core/errors.js';
import { messageBytes } from './message-bytes.js';
import { type ModelProto, ModelProtoSchema } from './onnx-pb.js';

/** Longest file that is read: messages are read as one. */
const MOST_BYTES = 2 ** 31 - 1;

/** Opsets that are known. */
const OPSETS = { oldest: 7, newest: 26 } as const;

/** The message without the numbers of large tensors; undefined where it is damaged, which the message as a whole says best. */
function withoutNumbers(source: ByteSource): ModelProto | undefined {
  const bytes = messageBytes(source);
  if (bytes === undefined) return undefined;
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch {
    return undefined;
  }
}

/** A file as its message, beside which it stays open: numbers of large tensors are read from it. @throws {DataError} `file_corrupt`, `file_unsupported` */
export function decoded(source: ByteSource): ModelProto {
  const { name, size } = source;
  if (size > MOST_BYTES) {
    const message = `'${name}' has ${size} bytes; a model of more than 2 GiB keeps its tensors in files of their own (external data)`;
    throw new DataError('file_unsupported', message, { source: name, size });
  }
  let model: ModelProto;
  try {
    model = withoutNumbers(source) ?? fromBinary(ModelProtoSchema, source.read(0, size));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError('file_corrupt', `'${name}' is no ONNX file: ${reason}`, { source: name }, cause);
  }
  if (model.graph !== undefined) return model;
  throw new DataError('file_corrupt', `'${name}' is no ONNX file, or has no graph`, { source: name });
}

export function opsetOf(path: string, { opsetImport }: ModelProto): number {
  const own = opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  const version = Number(own?.version ?? 1n);
  if (version >= OPSETS.oldest && version <= OPSETS.newest) return version;
  const message = `'${path}' uses version ${version} of ONNX's operators, known are ${OPSETS.oldest} to ${OPSETS.newest}`;
  throw new InterchangeError('unsupported_operator', message, { source: path, opset: version });
}
