/** The weights of the two layouts of Keras in HDF5. */
import { DataError, InterchangeError } from '../../core/errors.js';
import type { SourceTensor, SourceTensors } from '../sources/source-tensor.js';
import type { Hdf5File } from './hdf5-file.js';
import { corruptConfig, type KerasLayer, type KerasSource } from './keras-layer.js';
import {
  heldBy,
  type ModelTensors,
  missingVariable,
  rolesOf,
  TensorTable,
  unusedTensor,
  variablesOf,
} from './layer-weights.js';

/** A list of texts that may be divided among several attributes, as HDF5 limits the size of one. */
function textList(file: Hdf5File, path: string, name: string): string[] | undefined {
  const whole = file.texts(path, name);
  if (whole !== undefined) return whole;
  const all: string[] = [];
  for (let part = 0; ; part++) {
    const some = file.texts(path, `${name}${part}`);
    if (some === undefined) return part === 0 ? undefined : all;
    all.push(...some);
  }
}

/** Where a file has the groups of its layers in the layout of Keras 2; undefined for another layout. */
export function oldRoot(file: Hdf5File): string | undefined {
  return ['model_weights', ''].find((root) => textList(file, root, 'layer_names') !== undefined);
}

const below = (root: string, name: string) => (root === '' ? name : `${root}/${name}`);

/** Names and tensors of a group of a layer, in the order of the layer's weights. */
function listedTensors(source: KerasSource, file: Hdf5File, group: string): { name: string; path: string }[] {
  const names = textList(file, group, 'weight_names');
  if (names === undefined) throw corruptConfig(source, `the group '${group}' has no list 'weight_names'`);
  return names.map((name) => ({ name, path: below(group, name) }));
}

/** The last part of the name of a variable: `lstm/lstm_cell/kernel:0` is a `kernel`. */
function roleIn(name: string): string {
  return (name.split('/').at(-1) as string).replace(/:\d+$/, '').replace(/_\d+$/, '');
}

/** Names that other versions give to a variable. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = { depthwise_kernel: ['kernel'] };

/** Variables that are states of a layer, and no weights. */
const STATES = /(^|\/)(rnn_state|seed_generator_state|\w*_state)(:\d+|_\d+)?$/;

/**
 * The weights in the layout of Keras 2: each layer of the model has a group with the list of its variables.
 *
 * @param root group of the layers
 * @throws {InterchangeError} `missing_tensor`, `tensor_mismatch`, `unused_tensor`
 */
export function oldWeights(source: KerasSource, file: Hdf5File, root: string, model: KerasLayer): ModelTensors {
  const table = new TensorTable();
  const names = textList(file, root, 'layer_names') ?? [];
  const left = new Set(names);
  for (const layer of heldBy(model)) {
    const variables = variablesOf(layer);
    left.delete(layer.name);
    if (!names.includes(layer.name)) {
      if (variables[0] === undefined) continue;
      throw missingVariable(source, variables[0], `the group '${below(root, layer.name)}'`);
    }
    const group = below(root, layer.name);
    const listed = listedTensors(source, file, group).filter(({ name }) => !STATES.test(name));
    for (const [at, variable] of variables.entries()) {
      const found = listed[at];
      if (found === undefined) throw missingVariable(source, variable, `place ${at} of the list in '${group}'`);
      const role = roleIn(found.name);
      if (role !== variable.role && OTHER_NAMES[variable.role]?.includes(role) !== true) {
        const message = `'${source.path}': the variable ${at} of the layer '${layer.name}' is '${found.name}', expected a '${variable.role}'`;
        throw new InterchangeError('tensor_mismatch', message, { source: source.path, tensor: found.name });
      }
      table.set(variable, file.tensor(found.path));
    }
    const extra = listed[variables.length];
    if (extra !== undefined) throw unusedTensor(source, extra.path);
  }
  for (const name of left) {
    const [extra] = listedTensors(source, file, below(root, name)).filter((each) => !STATES.test(each.name));
    if (extra !== undefined) throw unusedTensor(source, extra.path);
  }
  return table.all;
}

/** The name of a class in the layout of Keras 3: `TimeDistributed` is `time_distributed`. */
export function snakeCase(className: string): string {
  const words = className.replace(/\W+/g, '').replace(/(.)([A-Z][a-z]+)/g, '$1_$2');
  return words.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
}

/** Gives names to the members of a list, as Keras does: the second `lstm` is `lstm_1`. */
export function memberNames(classNames: readonly string[]): string[] {
  const counts = new Map<string, number>();
  return classNames.map((className) => {
    const name = snakeCase(className);
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  });
}

/** The groups of the layers that a layer holds. */
function heldGroups(layer: KerasLayer, group: string): { layer: KerasLayer; group: string }[] {
  const held = heldBy(layer);
  const isList = layer.model !== undefined || layer.className === 'StackedRNNCells';
  if (!isList) return layer.parts.map((part) => ({ layer: part.layer, group: below(group, part.attribute) }));
  const attribute = layer.model !== undefined ? 'layers' : 'cells';
  const members = held.filter(({ className }) => className !== 'InputLayer' && !className.startsWith('ops.'));
  const names = memberNames(members.map(({ className }) => (className === 'Model' ? 'Functional' : className)));
  return members.map((member, at) => ({ layer: member, group: below(group, `${attribute}/${names[at]}`) }));
}

function takeVariables(source: KerasSource, file: Hdf5File, layer: KerasLayer, group: string, table: TensorTable) {
  const { trained, fixed } = rolesOf(layer);
  for (const [at, role] of [...trained, ...fixed].entries()) {
    const path = below(group, `vars/${at}`);
    if (!file.isTensor(path)) throw missingVariable(source, { layer, role }, `'${path}'`);
    table.set({ layer, role }, file.tensor(path));
  }
  const extra = below(group, `vars/${trained.length + fixed.length}`);
  // A layer that carries its state from batch to batch saves it, too.
  const hasStates = layer.config['stateful'] === true;
  if (file.has(extra) && !hasStates) throw unusedTensor(source, extra);
  for (const held of heldGroups(layer, group)) takeVariables(source, file, held.layer, held.group, table);
}

/**
 * The weights in the layout of Keras 3: groups with the names of attributes and classes, and numbered variables in each.
 *
 * @throws {InterchangeError} `missing_tensor`, `unused_tensor`
 * @throws {DataError} `file_unsupported` for the layout of the files `.keras` of Keras 2
 */
export function newWeights(source: KerasSource, file: Hdf5File, model: KerasLayer): ModelTensors {
  if (!file.has('layers') && file.has('_layer_checkpoint_dependencies')) {
    const message = `'${source.path}' has the layout of '.keras' files of Keras 2, whose order is not documented. Save the model as '.h5' with the Keras that wrote it: keras.models.load_model('IN.keras').save('OUT.h5')`;
    throw new DataError('file_unsupported', message, { source: source.path });
  }
  const table = new TensorTable();
  takeVariables(source, file, model, '', table);
  const known = new Set(heldGroups(model, '').map(({ group }) => group));
  for (const name of file.names('layers')) {
    const unused = [...variablePaths(file, `layers/${name}`)][0];
    if (!known.has(`layers/${name}`) && unused !== undefined) throw unusedTensor(source, unused);
  }
  return table.all;
}

/** Paths of all data sets below a group. Seeds of dropout and the like are no weights. */
export function* variablePaths(file: Hdf5File, group: string, depth = 0): Generator<string> {
  if (depth > 40) return;
  for (const name of file.names(group)) {
    if (/^seed_generator|^optimizer$|^_?metrics?$/.test(name)) continue;
    const path = below(group, name);
    if (file.isTensor(path)) yield path;
    else yield* variablePaths(file, path, depth + 1);
  }
}

/** All tensors of a file. */
export function allTensors(file: Hdf5File): SourceTensors {
  const tensors = new Map<string, SourceTensor>();
  for (const path of variablePaths(file, '')) tensors.set(path, file.tensor(path));
  return tensors;
}
