/**
 * What an ONNX file of this library says of itself, so that it comes back as the model that it was: the network, and where each of its
 * numbers stands. It counts only while the graph is the one that was written: a digest tells.
 */

/** Key of the metadata of a file. */
export const OWN_KEY = 'bptt';

/** Numbers of a parameter in a tensor of the file: name of the tensor, place in it, place in the parameter, count. */
export type StoredRun = readonly [tensor: string, at: number, begin: number, count: number];

/** The content of the metadata. */
export interface OwnDescription {
  /** The network as JSON. */
  readonly network: object;
  /** Parameters and buffers by name. */
  readonly weights: Readonly<Record<string, readonly StoredRun[]>>;
  /** Numbers of parameters and buffers that the graph does not read. */
  readonly unread: Readonly<Record<string, readonly number[]>>;
  /** Digest of the graph without weights. */
  readonly graph: string;
}
