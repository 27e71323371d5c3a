/** Writes a model for PyTorch: a state dict, and the program of its module. */
import { basename } from 'node:path';
import { OptionError } from '../../core/errors.js';
import { describeValue, requireOneOf } from '../../core/options.js';
import type { Model } from '../../model/model.js';
import { isKind } from '../../network/layers/layers.js';
import type { Exporter } from '../shared/exporter.js';
import { NETWORK_KEY } from '../state-dict/described-network.js';
import { moduleSource } from './module-source.js';
import { IMPORTED_MODULES } from './python-text.js';
import { stateDict } from './state-dict.js';
import { isRecurrent, isTorchRecurrent } from './torch-recurrent.js';
import { requireNoOthers, writeTensors, writeText } from './write-files.js';

/** How a model is written for PyTorch. */
export interface PytorchExportOptions {
  /** Whether the program of the `nn.Module` is written beside the weights, with the ending `.py`; default false. */
  readonly module?: boolean | undefined;
}

/** What a state dict does not say by itself. */
export function stateDictNotes({ description: { nodes } }: Pick<Model, 'description'>): string[] {
  const notes: string[] = [];
  const named = (chosen: typeof nodes) => chosen.map(({ name }) => `'${name}'`).join(', ');
  const one = nodes.filter(({ layer }) => isTorchRecurrent(layer) && layer.biases === 'one');
  if (one.length > 0) notes.push(`One bias, in ${named(one)}: the second one of PyTorch, bias_hh, is zero.`);
  const tied = nodes.filter(({ layer }) => isKind(layer, 'dense') && layer.tied !== undefined);
  if (tied.length > 0) notes.push(`Tied to an embedding, ${named(tied)}: the file has its weights twice.`);
  const own = nodes.filter(({ layer }) => isRecurrent(layer) && !isTorchRecurrent(layer));
  if (own.length > 0) {
    notes.push(
      `torch.nn has no such layers as ${named(own)}: a module writes them out, and their tensors have the names of this library.`,
    );
  }
  return notes;
}

/** The metadata of a state dict: its format, and the network, by which it is read back. */
export function stateDictMetadata({ description }: Pick<Model, 'description'>): Map<string, string> {
  return new Map([
    ['format', 'pt'],
    [NETWORK_KEY, JSON.stringify(description)],
  ]);
}

/** @throws {OptionError} `invalid_option` for a program that Python would import in the place of another one */
function requireOwnName(path: string): void {
  const name = basename(path, '.safetensors');
  if (!IMPORTED_MODULES.has(name)) return;
  const message = `exportModel: the program '${name}.py' would stand in the place of the module '${name}', which PyTorch imports: choose another name for '${path}'`;
  throw new OptionError('invalid_option', message, { name: 'path', value: path });
}

/** Weights for PyTorch. */
export const pytorchExporter: Exporter<PytorchExportOptions> = {
  options: ['module'],
  async write(model, path, { module = false }) {
    requireOneOf('module', module, [true, false]);
    if (!path.endsWith('.safetensors')) {
      const message = `exportModel: the path of weights for PyTorch must end in '.safetensors', got ${describeValue(path)}`;
      throw new OptionError('invalid_option', message, { name: 'path', value: path });
    }
    if (module) requireOwnName(path);
    const source = module ? moduleSource(model.description, basename(path)) : undefined;
    const program = path.replace(/\.safetensors$/, '.py');
    if (source !== undefined) await requireNoOthers([program]);
    await writeTensors(path, stateDict(model), stateDictMetadata(model));
    const notes = stateDictNotes(model);
    if (source === undefined) return { files: [path], notes };
    await writeText(program, source.text);
    return { files: [path, program], notes: [...notes, ...source.notes] };
  },
};
