/** Files that hold named tensors, whatever their container. */

import type { ByteSource } from '../../core/byte-source.js';
import { openFile } from '../../core/byte-source.js';
import type { Network } from '../../model/network.js';
import { keptOpen } from '../shared/kept-open.js';
import type { SourceTensor, SourceTensors } from '../sources/source-tensor.js';

/** The tensors of a file. */
export interface TensorFile {
  readonly tensors: SourceTensors;
  /** Facts for people. */
  readonly facts: ReadonlyMap<string, string>;
  /** What was left out, a sentence each. */
  readonly notes: readonly string[];
  /** The network that the tensors belong to, where the file has it. */
  readonly network?: Network | undefined;
}

/** A file that stays open while tensors are read from it. */
export interface OpenTensorFile extends TensorFile {
  close(): void;
}

/**
 * Opens a file and reads what tensors it has. It is closed when that fails.
 *
 * @throws as `read`
 */
export function openTensorFile(path: string, read: (source: ByteSource) => TensorFile): OpenTensorFile {
  return keptOpen(openFile(path), read);
}

/** Tensors by name, in their order. */
export function byName(tensors: readonly SourceTensor[]): SourceTensors {
  return new Map(tensors.map((tensor) => [tensor.name, tensor]));
}
