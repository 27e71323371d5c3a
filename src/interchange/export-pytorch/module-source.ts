/** The program of the `nn.Module` of a network. */
import { InterchangeError } from '../../core/errors.js';
import { rootAxis } from '../../graph/derived-axis.js';
import type { Value } from '../../graph/value.js';
import { buildForward } from '../../model/build/build-forward.js';
import { ParameterLayout } from '../../model/build/parameters.js';
import { inputAxes, type NetworkDescription, outputNodes } from '../../network/description.js';
import { nodeCode } from './node-code.js';
import type { NodeCode } from './node-types.js';
import { type PythonPart, pythonLibrary } from './python-library.js';
import { isIdentifier, MODULE_NAMES, python } from './python-text.js';
import { isRecurrent } from './torch-recurrent.js';

/** A program. */
export interface ModuleSource {
  readonly text: string;
  readonly notes: readonly string[];
}

/** A node's module in the code. @throws {InterchangeError} `not_exportable` for a name that every module has */
function moduleName(name: string): string {
  if (!MODULE_NAMES.has(name)) return isIdentifier(name) ? `self.${name}` : `self._modules[${python(name)}]`;
  const message = `node '${name}' cannot be written for PyTorch: every nn.Module has '${name}' itself. Its weights can be exported without module: true`;
  throw new InterchangeError('not_exportable', message, { node: name });
}

/** Shapes of the parameters of each node. */
function shapesByNode({ requests }: ParameterLayout): Map<string, Record<string, readonly number[]>> {
  const shapes = new Map<string, Record<string, readonly number[]>>();
  for (const [name, { request }] of requests) {
    const node = name.slice(0, name.indexOf('.'));
    const own = shapes.get(node) ?? {};
    shapes.set(node, { ...own, [name.slice(node.length + 1)]: request.shape });
  }
  return shapes;
}

/** The code of all nodes, in their order. */
function codesOf(description: NetworkDescription): Map<string, NodeCode> {
  const layout = new ParameterLayout();
  const { nodes, finalStates } = buildForward(description, layout, { training: false });
  const shapes = shapesByNode(layout);
  return new Map(
    description.nodes.map((node) => {
      const inputs = node.inputs.map((name) => (nodes.get(name) ?? finalStates.get(name)) as Value);
      const module = (name = node.name) => moduleName(name);
      const output = nodes.get(node.name) as Value;
      return [node.name, nodeCode({ node, inputs, output, shapes: shapes.get(node.name) ?? {}, module })] as const;
    }),
  );
}

/** A module becomes a submodule. */
function madeModule(name: string, code: string): string {
  moduleName(name);
  return isIdentifier(name) ? `self.${name} = ${code}` : `self.add_module(${python(name)}, ${code})`;
}

/** The statements that compute a node. */
function applied({ nodes }: NetworkDescription, name: string, { lines: [first = '', ...others] }: NodeCode): string[] {
  const isStack = isRecurrent(nodes.find((node) => node.name === name)?.layer);
  return [`v[${python(name)}]${isStack ? ', new' : ''} = ${first}`, ...others];
}

function resultsOf(description: NetworkDescription): string {
  const outputs = outputNodes(description);
  if (description.output !== undefined) return `v[${python(description.output)}]`;
  return `{${[...outputs].map(([name, node]) => `${python(name)}: v[${python(node)}]`).join(', ')}}`;
}

const indented = (lines: readonly string[]) => lines.map((line) => `        ${line}`).join('\n');

/** Inputs with one row for each step, by their axes. */
function stepInputs({ inputs }: NetworkDescription): Record<string, string> {
  const entries = Object.entries(inputs).filter(([, { per }]) => per === undefined);
  return Object.fromEntries(entries.map(([name, { axis = 'time' }]) => [name, axis]));
}

/**
 * The program of the module of a network: it takes padded or packed sequences, lengths and states, and has the names of the state dict.
 *
 * @param weights name of the file with the state dict
 * @throws {InterchangeError} `not_exportable` for a layer of a user's own, and for names that a module cannot have
 */
export function moduleSource(description: NetworkDescription, weights: string): ModuleSource {
  const codes = codesOf(description);
  const all = [...codes];
  const parts = new Set<PythonPart>(all.flatMap(([, code]) => code.parts));
  const modules = all.flatMap(([name, { module }]) => (module === undefined ? [] : [madeModule(name, module)]));
  const finish = all.flatMap(([, code]) => (code.finish === undefined ? [] : [code.finish]));
  const names = Object.keys(description.inputs);
  const axes = inputAxes(description).map(rootAxis);
  const text = `"""The network of ${weights}, as a module of PyTorch; written by bptt.

    model = load(${python(weights)})
    output, states = model(inputs)             # all sequences of one length: [B, T, F], or indices [B, T]
    output, states = model(inputs, lengths)    # padded sequences, with the lengths of each
    output, states = model(packed)             # a PackedSequence
    output, states = model(inputs, states=states)    # goes on from these states

Sequences stand in the first axis. Outputs of steps are padded: what stands behind the end of a sequence means nothing.
"""

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence
${pythonLibrary(parts)}

class Network(nn.Module):
    """Inputs: ${names.join(', ')}. Several are given as a dict, and so are lengths on several time axes: ${axes.join(', ')}."""

    def __init__(self):
        super().__init__()
${indented([...modules, ...finish]) || '        pass'}

    def forward(self, inputs, lengths=None, states=None):
        v = dict(inputs) if isinstance(inputs, dict) else {${python(names[0])}: inputs}
        n = dict(lengths) if isinstance(lengths, dict) else {} if lengths is None else {${python(axes[0])}: lengths}
        for name, axis in ${python(stepInputs(description))}.items():
            if isinstance(v[name], PackedSequence):
                v[name], n[axis] = pad_packed_sequence(v[name], batch_first=True)
            batch, steps = v[name].shape[:2]
            n[axis] = torch.as_tensor(n.get(axis, [steps] * batch), device=v[name].device)
        states = {} if states is None else states
${indented(all.flatMap(([name, code]) => applied(description, name, code)))}
        output = ${resultsOf(description)}
        return output, {name: value for name, value in v.items() if "." in name}


def load(path, device="cpu"):
    """The network with its weights, for inference."""
    model = Network().to(device)
    model.load_state_dict(load_file(path, device=device), strict=True)
    return model.eval()
`;
  return { text, notes: all.flatMap(([, code]) => code.notes ?? []) };
}
