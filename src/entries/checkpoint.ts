/**
 * `bptt/checkpoint`: the files of a training run. Checkpoints, run folders for reading, and safetensors files of any
 * content. Writing is atomic; reading trusts nothing.
 */

export {
  type Checkpoint,
  type LoadedCheckpoint,
  type LoadOptions,
  loadCheckpoint,
  loadCheckpointSync,
  readCheckpointMetadata,
  saveCheckpoint,
  saveCheckpointSync,
} from '../checkpoint/checkpoint.js';
export { type CheckpointFile, Run, type RunCheckpoint, type SkippedCheckpoint } from '../checkpoint/run.js';
export {
  type LoadedTensor,
  readSafetensors,
  readSafetensorsSync,
  type Safetensors,
  writeSafetensors,
  writeSafetensorsSync,
} from '../checkpoint/safetensors.js';
export type { Dtype, StoredTensor, TensorArray } from '../checkpoint/tensor-types.js';
