/**
 * `bptt/interchange`: models from and for PyTorch, Keras, TensorFlow.js, ONNX and Hugging Face.
 */

export type { KerasExportOptions } from '../interchange/export-keras/keras-exporter.js';
export { type ExportModelOptions, exportModel } from '../interchange/export-model.js';
export type { OnnxNames } from '../interchange/export-onnx/build-onnx.js';
export type { ExportedOnnx, ExportOnnxOptions, OnnxTensor } from '../interchange/export-onnx/export-onnx.js';
export type { HuggingFaceExportOptions } from '../interchange/export-pytorch/hugging-face-exporter.js';
export type { PytorchExportOptions } from '../interchange/export-pytorch/pytorch-exporter.js';
export { type ImportedModel, type ImportModelOptions, importModel } from '../interchange/import-model.js';
export { type ImportedRun, importRun } from '../interchange/import-run.js';
export { type FileInspection, inspectFile } from '../interchange/inspect-file.js';
export type { ExportedModel } from '../interchange/shared/exporter.js';
export type { ImportOptions, InspectedOperator, Inspection } from '../interchange/shared/imported-network.js';
export type { NumberType } from '../interchange/sources/number-types.js';
export type { SourceTensor, SourceTensors } from '../interchange/sources/source-tensor.js';
