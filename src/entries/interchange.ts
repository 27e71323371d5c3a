/**
 * `bptt/interchange`: models from and for PyTorch, Keras, TensorFlow.js, ONNX and Hugging Face.
 */

export {
  type ExportedOnnx,
  type ExportOnnxOptions,
  exportOnnx,
  type OnnxTensor,
} from '../interchange/export-onnx/export-onnx.js';
export { type ImportedModel, type ImportModelOptions, importModel } from '../interchange/import-model.js';
export { type ImportedRun, importRun } from '../interchange/import-run.js';
export { type FileInspection, inspectFile } from '../interchange/inspect-file.js';
export type { ImportOptions, InspectedOperator, Inspection } from '../interchange/shared/imported-network.js';
export type { NumberType } from '../interchange/sources/number-types.js';
export type { SourceTensor, SourceTensors } from '../interchange/sources/source-tensor.js';
