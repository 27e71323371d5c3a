/** The tensors of a model by the names that they have in a checkpoint. */
import type { LoadedCheckpoint } from '../checkpoint/checkpoint.js';
import type { StoredTensor } from '../checkpoint/tensor-types.js';
import { CheckpointError } from '../core/errors.js';
import type { CarriedState } from '../model/execute/carried-state.js';

/** A tensor of a model, as a view. */
export interface TensorView {
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** Smallest number of one whose numbers are all finite; undefined where any number may be. */
  readonly least?: number;
}

/** The parts of a model that are tensors. */
export interface TensorHolder {
  readonly parameters: ReadonlyMap<string, TensorView>;
  readonly optimizerState: ReadonlyMap<string, Float32Array>;
  /** Numbers that are not trained. */
  readonly buffers?: ReadonlyMap<string, TensorView>;
}

/** What of a model decides its results. */
export type WeightHolder = Pick<TensorHolder, 'parameters' | 'buffers'>;

/** Beginnings of the names of tensors in a checkpoint. */
export const PREFIX = {
  parameter: 'parameters/',
  buffer: 'buffers/',
  optimizer: 'optimizer/',
  state: 'state/',
} as const;

/**
 * All tensors of a model in training, by the names that they have in a checkpoint: `parameters/NAME`, `buffers/NAME`,
 * `optimizer/SLOT/NAME`, `state/NAME`. The arrays are the model's own, not copies.
 */
export function modelTensors(model: TensorHolder, state?: CarriedState): Map<string, TensorView> {
  const tensors = weightTensors(model);
  for (const [name, data] of model.optimizerState) tensors.set(PREFIX.optimizer + name, { shape: [data.length], data });
  for (const [name, data] of state?.values ?? []) {
    tensors.set(PREFIX.state + name, { shape: [state?.batch ?? 0, data.length / (state?.batch ?? 1)], data });
  }
  return tensors;
}

/** The tensors of a model that decide its results, by the names that they have in a checkpoint; the model's own, not copies. */
export function weightTensors({ parameters, buffers = new Map() }: WeightHolder): Map<string, TensorView> {
  const tensors = new Map<string, TensorView>();
  for (const [name, { shape, data }] of parameters) tensors.set(PREFIX.parameter + name, { shape, data });
  for (const [name, buffer] of buffers) tensors.set(PREFIX.buffer + name, buffer);
  return tensors;
}

/** The shape of a tensor for messages; every tensor of a model is of float32. */
function describeShape(tensor: Pick<StoredTensor, 'shape' | 'dtype'> | undefined): string {
  return tensor === undefined ? 'absent' : `${tensor.dtype ?? 'F32'} [${tensor.shape.join(', ')}]`;
}

/**
 * Compares a tensor of a checkpoint with the model's tensor of the same name.
 *
 * @param name in the checkpoint
 * @param shape of the model's tensor; undefined when the model has no such tensor
 * @throws {CheckpointError} `checkpoint_mismatch`, naming both shapes
 */
export function requireShape(
  path: string,
  { tensors }: Pick<LoadedCheckpoint, 'tensors'>,
  name: string,
  shape: readonly number[] | undefined,
): void {
  const [there, here] = [describeShape(tensors.get(name)), describeShape(shape && { shape })];
  if (there === here) return;
  const message = `'${path}' does not fit the model: tensor '${name}' is ${there} in the file and ${here} in the model`;
  throw new CheckpointError('checkpoint_mismatch', message, { path, tensor: name, there, here });
}

/** @throws {CheckpointError} `checkpoint_corrupt` for a number that the tensor of a model cannot hold */
function requireNumbers(path: string, name: string, data: Float32Array, least: number): void {
  const index = data.findIndex((number) => !(number >= least && Number.isFinite(number)));
  if (index < 0) return;
  const expected = least === Number.NEGATIVE_INFINITY ? 'a finite number' : `a finite number >= ${least}`;
  const message = `'${path}' is corrupt: tensor '${name}' has ${data[index]} at ${index}, expected ${expected}`;
  throw new CheckpointError('checkpoint_corrupt', message, { path, tensor: name, index, value: data[index] });
}

/**
 * Compares all tensors that a model wants with those of a checkpoint.
 *
 * @param wanted result of `modelTensors`
 * @throws {CheckpointError} `checkpoint_mismatch`, naming the first tensor that is missing or of another shape or type
 */
export function requireTensors(
  path: string,
  checkpoint: Pick<LoadedCheckpoint, 'tensors'>,
  wanted: ReadonlyMap<string, Pick<TensorView, 'shape'>>,
): void {
  for (const [name, { shape }] of wanted) requireShape(path, checkpoint, name, shape);
}

/**
 * Copies the tensors of a checkpoint into a model. Tensors that the model does not need are ignored. Nothing is copied
 * unless everything fits.
 *
 * @param wanted result of `modelTensors`
 * @throws {CheckpointError} `checkpoint_mismatch`, naming the first tensor that is missing or of another shape or type;
 *   `checkpoint_corrupt` for a buffer with a number that it cannot hold
 */
export function restoreTensors(
  path: string,
  checkpoint: LoadedCheckpoint,
  wanted: ReadonlyMap<string, TensorView>,
): void {
  requireTensors(path, checkpoint, wanted);
  const stored = (name: string) => checkpoint.tensors.get(name)?.data as Float32Array;
  for (const [name, { least }] of wanted) if (least !== undefined) requireNumbers(path, name, stored(name), least);
  for (const [name, { data }] of wanted) data.set(stored(name));
}
