/** The tensors of a state dict, by the module that they belong to: all that stands before the last dot of their names. */
import type { SourceTensor, SourceTensors } from '../sources/source-tensor.js';

/** The tensors of one module by the last part of their names. */
export interface ModuleGroup {
  /** Name of the module; empty for tensors of the outermost one. */
  readonly name: string;
  readonly tensors: ReadonlyMap<string, SourceTensor>;
}

/** Name of a buffer that counts training steps. It matters only where the running statistics are means of all steps. */
export const STEP_COUNT = 'num_batches_tracked';

/** The modules of a state dict, in the order of the file. */
export function moduleGroups(tensors: SourceTensors): ModuleGroup[] {
  const groups = new Map<string, Map<string, SourceTensor>>();
  for (const tensor of tensors.values()) {
    const dot = tensor.name.lastIndexOf('.');
    const module = dot < 0 ? '' : tensor.name.slice(0, dot);
    const parts = groups.get(module) ?? new Map<string, SourceTensor>();
    groups.set(module, parts.set(tensor.name.slice(dot + 1), tensor));
  }
  return [...groups].map(([name, parts]) => ({ name, tensors: parts }));
}

/** The module with its tensors as text, for messages: `'fc' (weight [3, 8], bias [3])`. */
export function describeGroup({ name, tensors }: ModuleGroup): string {
  const parts = [...tensors].map(([part, { shape }]) => `${part} [${shape.join(', ')}]`);
  const shown = parts.length > 6 ? [...parts.slice(0, 6), `${parts.length - 6} more`] : parts;
  return `'${name}' (${shown.join(', ')})`;
}
