/** Models for other libraries, in one call. */
import { requirePath } from '../core/arguments.js';
import { OptionError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireOneOf } from '../core/options.js';
import { Model } from '../model/model.js';
import { type KerasExportOptions, kerasExporter } from './export-keras/keras-exporter.js';
import { type ExportedOnnx, type ExportOnnxOptions, onnxExporter } from './export-onnx/export-onnx.js';
import { type HuggingFaceExportOptions, huggingFaceExporter } from './export-pytorch/hugging-face-exporter.js';
import { type PytorchExportOptions, pytorchExporter } from './export-pytorch/pytorch-exporter.js';
import type { ExportedModel, Exporter } from './shared/exporter.js';

/** Which format a model is written in, and the options of that. */
export type ExportModelOptions =
  | ({ readonly to: 'onnx' } & ExportOnnxOptions)
  | ({ readonly to: 'pytorch' } & PytorchExportOptions)
  | ({ readonly to: 'huggingface' } & HuggingFaceExportOptions)
  | ({ readonly to: 'keras' } & KerasExportOptions);

/** The options of a format, without its name. */
type OptionsOf<F> = Omit<Extract<ExportModelOptions, { readonly to: F }>, 'to'>;

const EXPORTERS: { readonly [F in ExportModelOptions['to']]: Exporter<OptionsOf<F>> } = {
  onnx: onnxExporter,
  pytorch: pytorchExporter,
  huggingface: huggingFaceExporter,
  keras: kerasExporter,
};

/**
 * Writes a model for another library.
 *
 * - `onnx`: what `predict` computes, for ONNX Runtime and others, with real lengths of sequences; with `stateful: true` one step, whose
 *   states go in and out.
 * - `pytorch`: its weights as a state dict (safetensors), bit for bit, and with `module: true` the program of its `nn.Module` beside it.
 * - `huggingface`: a folder with `model.safetensors`, `config.json` and a model card. `loadModel` and `importModel` read it.
 * - `keras`: for a path that ends in `.keras` a whole model, for one that ends in `.weights.h5` its weights, both for Keras 3.
 *
 * Training steps that are requested meanwhile wait.
 *
 * @param path of the file, or of the folder
 * @throws {InterchangeError} `not_exportable` for what the format cannot say, `export_failed` when it cannot be written
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example await exportModel(model, 'model.safetensors', { to: 'pytorch', module: true });
 * @example const { inputs, outputs } = await exportModel(model, 'tagger.onnx', { to: 'onnx', batchFirst: true });
 */
export async function exportModel<const O extends ExportModelOptions>(
  model: Model,
  path: string,
  options: O,
): Promise<O extends { readonly to: 'onnx' } ? ExportedOnnx : ExportedModel> {
  if (!(model instanceof Model)) {
    const message = `exportModel: 'model' must be a compiled model, got ${describeValue(model)}`;
    throw new OptionError('invalid_option', message, { name: 'model', value: model });
  }
  if (requirePath(path) === '') {
    throw new OptionError('invalid_option', 'the path of a file must not be empty', { name: 'path', value: path });
  }
  const { to, ...rest } = options ?? {};
  const exporter = EXPORTERS[requireOneOf('to', to, Object.keys(EXPORTERS)) as 'pytorch'] as Exporter<object>;
  rejectUnknownKeys(`exportModel to '${to}'`, rest, exporter.options);
  const written = await model.whileUnchanged(() => exporter.write(model, path, rest));
  return written as O extends { readonly to: 'onnx' } ? ExportedOnnx : ExportedModel;
}
