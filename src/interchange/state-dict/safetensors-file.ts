/** Tensors of a safetensors file, read where they stand. */
import {
  decodeHeader,
  LENGTH_BYTES,
  readHeaderLength,
  type SafetensorsHeader,
} from '../../checkpoint/safetensors-header.js';
import type { Dtype } from '../../checkpoint/tensor-types.js';
import { type ByteSource, requireWithin } from '../../core/byte-source.js';
import { CheckpointError, DataError } from '../../core/errors.js';
import { KIND_BYTES } from '../../core/file-kind.js';
import type { NumberType } from '../sources/number-types.js';
import { storedTensor } from '../sources/source-tensor.js';
import { describedNetwork } from './described-network.js';
import { byName, type TensorFile } from './tensor-file.js';

const TYPES: Readonly<Partial<Record<Dtype, NumberType>>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U64: 'uint64',
  U32: 'uint32',
  U16: 'uint16',
  U8: 'uint8',
  BOOL: 'bool',
};

/** The codes of the reader of checkpoints, as those of a file of data. */
const CODES: Readonly<Record<string, string>> = {
  checkpoint_truncated: 'file_truncated',
  checkpoint_corrupt: 'file_corrupt',
};

interface Header extends SafetensorsHeader {
  /** Where the numbers begin. */
  readonly begin: number;
}

function readHeader(source: ByteSource): Header {
  const { name, size } = source;
  try {
    requireWithin(source, 'the length of the header', 0, LENGTH_BYTES);
    const length = readHeaderLength(name, source.read(0, Math.min(KIND_BYTES, size)), size);
    const begin = LENGTH_BYTES + length;
    return { ...decodeHeader(name, source.read(LENGTH_BYTES, length), size - begin), begin };
  } catch (error) {
    const code = error instanceof CheckpointError ? CODES[error.code] : undefined;
    if (code === undefined) throw error;
    const { message, details } = error as CheckpointError;
    throw new DataError(code, message, details, error);
  }
}

/**
 * The tensors of a safetensors file. Its network is that of its metadata, where this library has written it.
 *
 * @throws {DataError} `file_truncated`, `file_corrupt`; `file_unsupported` for 8-bit floats
 */
export function safetensorsFile(source: ByteSource): TensorFile {
  const { entries, metadata, begin } = readHeader(source);
  const tensors = entries.map(({ name, dtype, shape, begin: offset }) => {
    const type = TYPES[dtype];
    if (type !== undefined) return storedTensor(source, name, type, shape, { begin: begin + offset });
    const message = `'${source.name}': tensor '${name}' is of type ${dtype}, which has no numbers here; known are ${Object.keys(TYPES).join(' ')}`;
    throw new DataError('file_unsupported', message, { source: source.name, tensor: name, dtype });
  });
  // The format sorts tensors by their types and names.
  return {
    tensors: byName(tensors),
    facts: metadata,
    notes: [],
    network: describedNetwork(source.name, metadata),
  };
}
