/** The configurations of Keras, Keras 2 and TensorFlow.js as one tree of layers. */
import { DataError, InterchangeError } from '../../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';

/** Where a configuration comes from. */
export interface KerasSource {
  /** Path of the file, for messages. */
  readonly path: string;
  /** Version of Keras that wrote it; TensorFlow.js counts as 2. Undefined where the file does not say it. */
  readonly version: 2 | 3 | undefined;
}

/** A layer inside of another one, with the attribute that holds it. */
export interface KerasPart {
  readonly attribute: string;
  readonly layer: KerasLayer;
}

/** A layer, a cell, or an operation of a graph. */
export interface KerasLayer {
  /** `LSTM`; for an operation of the backend `ops.Multiply`. */
  readonly className: string;
  readonly name: string;
  readonly config: JsonObject;
  /** Of wrappers and cells that hold others. */
  readonly parts: readonly KerasPart[];
  /** Of a `Sequential` or `Functional` model: its layers and how they are called. */
  readonly model?: KerasModel;
}

/** An output of a call: of which layer, of which of its calls, which one. */
export interface TensorName {
  readonly layer: string;
  readonly call: number;
  readonly output: number;
}

/** One use of a layer. */
export interface KerasCall {
  readonly layer: KerasLayer;
  /** Which use of the layer it is. */
  readonly index: number;
  /** Tensors and, for operations, numbers. */
  readonly inputs: readonly (TensorName | number)[];
  readonly initialStates: readonly TensorName[];
  /** Tensors that say which steps count. */
  readonly masks: readonly TensorName[];
  /** Whether it is called as in training. */
  readonly isTraining: boolean;
}

/** A `Sequential` or `Functional` model. */
export interface KerasModel {
  readonly layers: readonly KerasLayer[];
  /** A chain has none of these: each layer is called with the output of that before. */
  readonly graph?: {
    readonly calls: readonly KerasCall[];
    readonly inputs: readonly TensorName[];
    readonly outputs: readonly TensorName[];
  };
}

/** @throws {DataError} `file_corrupt` */
export function corruptConfig({ path }: KerasSource, message: string, details: object = {}): DataError {
  return new DataError('file_corrupt', `'${path}' is corrupt: ${message}`, { source: path, ...details });
}

/** A layer for messages: `LSTM 'encoder'`. */
export function describeLayer({ className, name }: Pick<KerasLayer, 'className' | 'name'>): string {
  return `${className} '${name}'`;
}

/** The error for a layer that cannot be taken over. */
export function unsupportedLayer(
  { path }: KerasSource,
  layer: Pick<KerasLayer, 'className' | 'name'>,
  reason: string,
): InterchangeError {
  const message = `'${path}': ${describeLayer(layer)} cannot be taken over: ${reason}`;
  const details = { source: path, operator: layer.className, layer: layer.name };
  return new InterchangeError('unsupported_operator', message, details);
}

const CONTAINERS = ['Sequential', 'Functional', 'Model'];

/** Modules of Keras whose classes are the layers of their names. */
const LAYER_MODULES = /^(tf_)?keras(\.layers|\.models|\.src\.models|\.src\.engine|\.src\.layers)?(\..*)?$/;
const OPERATION_MODULE = /^keras\.src\.ops\./;

/** Operations of the backend that stand in graphs beside layers, of which some have the same names. */
const OPERATIONS = ['NotEqual', 'Any', 'Add', 'Subtract', 'Multiply', 'TrueDivide', 'Divide', 'Maximum', 'Minimum'];

/** HDF5 files of Keras 3 do not name the module; but operations have no options, and layers have some. */
function isOperation(className: string, { config }: JsonObject): boolean {
  return OPERATIONS.includes(className) && isJsonObject(config) && Object.keys(config).join() === 'name';
}

/** The class of a layer, which must be one of Keras itself. */
function classOf(source: KerasSource, json: JsonObject, name: string): string {
  const { class_name: className, module, registered_name: registered } = json;
  if (typeof className !== 'string') throw corruptConfig(source, `the layer '${name}' has no class`);
  if (typeof module !== 'string') return isOperation(className, json) ? `ops.${className}` : className;
  if (OPERATION_MODULE.test(module)) return `ops.${className}`;
  const isCustom = typeof registered === 'string' && registered.includes('>');
  if (LAYER_MODULES.test(module) && !isCustom) return className;
  const reason = `it is a class of one's own, '${isCustom ? registered : `${module}.${className}`}'`;
  throw unsupportedLayer(source, { className, name }, reason);
}

const RECURRENT = ['SimpleRNN', 'LSTM', 'GRU'];

function partsOf(source: KerasSource, className: string, name: string, config: JsonObject): KerasPart[] {
  const part = (attribute: string, json: JsonValue | undefined): KerasPart => {
    return { attribute, layer: parseLayer(source, json, `${name}/${attribute}`) };
  };
  if (RECURRENT.includes(className)) {
    return [{ attribute: 'cell', layer: { className: `${className}Cell`, name, config, parts: [] } }];
  }
  if (className === 'RNN') return [part('cell', config['cell'])];
  if (className === 'TimeDistributed') return [part('layer', config['layer'])];
  if (className === 'StackedRNNCells') {
    const { cells } = config;
    if (!Array.isArray(cells)) throw corruptConfig(source, `StackedRNNCells '${name}' has no list of cells`);
    return cells.map((cell) => part('cells', cell));
  }
  if (className !== 'Bidirectional') return [];
  const forward = part('forward_layer', config['layer']);
  const given = config['backward_layer'];
  if (given !== undefined && given !== null) return [forward, part('backward_layer', given)];
  const backward = { ...forward.layer.config, go_backwards: forward.layer.config['go_backwards'] !== true };
  const copied = {
    ...(config['layer'] as JsonObject),
    config: { ...backward, name: `backward_${forward.layer.name}` },
  };
  return [forward, part('backward_layer', copied)];
}

/** A layer of a configuration. @throws {DataError} `file_corrupt` @throws {InterchangeError} `unsupported_operator` */
export function parseLayer(source: KerasSource, json: JsonValue | undefined, place: string): KerasLayer {
  if (!isJsonObject(json)) throw corruptConfig(source, `'${place}' is no layer`);
  const config = Array.isArray(json['config']) ? { layers: json['config'] } : json['config'];
  if (!isJsonObject(config)) throw corruptConfig(source, `the layer '${place}' has no configuration`);
  const given = config['name'] ?? json['name'];
  const name = typeof given === 'string' ? given : place;
  const className = classOf(source, json, name);
  const isContainer = CONTAINERS.includes(className);
  const layer = { className, name, config, parts: partsOf(source, className, name, config) };
  return isContainer ? { ...layer, model: parseModel(source, className, name, config) } : layer;
}

function parseModel(source: KerasSource, className: string, name: string, config: JsonObject): KerasModel {
  const { layers: list } = config;
  if (!Array.isArray(list)) throw corruptConfig(source, `the model '${name}' has no list of layers`);
  const layers = list.map((json: JsonValue, at) => parseLayer(source, json, `${name}.layers[${at}]`));
  if (className === 'Sequential') return { layers };
  const names = new Set<string>();
  for (const layer of layers) {
    if (names.has(layer.name)) throw corruptConfig(source, `the model '${name}' has two layers '${layer.name}'`);
    names.add(layer.name);
  }
  const calls = layers.flatMap((layer, at) => callsOf(source, layer, (list[at] as JsonObject)['inbound_nodes']));
  const inputs = tensorsIn(config['input_layers']);
  const outputs = tensorsIn(config['output_layers']);
  if (outputs.length === 0) throw corruptConfig(source, `the model '${name}' has no outputs`);
  return { layers, graph: countedFromZero(source, layers, { calls, inputs, outputs }) };
}

type Graph = NonNullable<KerasModel['graph']>;

/**
 * Keras 2 and TensorFlow.js count the calls of a model inside of another one from 1 on, where that model has been called by itself
 * before. Here all are counted from 0.
 */
function countedFromZero(source: KerasSource, layers: readonly KerasLayer[], graph: Graph): Graph {
  const { calls, outputs } = graph;
  const isTensor = (each: TensorName | number): each is TensorName => typeof each === 'object';
  const all = [...outputs, ...calls.flatMap(({ inputs, initialStates }) => [...inputs, ...initialStates])].filter(
    isTensor,
  );
  const late = new Set<string>();
  for (const layer of layers.filter(({ model }) => model !== undefined)) {
    const count = calls.filter((call) => call.layer === layer).length;
    const used = new Set(all.flatMap((each) => (each.layer === layer.name ? [each.call] : [])));
    if (used.has(count) && !used.has(0)) late.add(layer.name);
    else if (used.size > 0 && !used.has(0)) {
      throw unsupportedLayer(source, layer, 'it is not clear which of its calls is the first one');
    }
  }
  const counted = (each: TensorName): TensorName => {
    return late.has(each.layer) ? { ...each, call: each.call - 1 } : each;
  };
  return {
    ...graph,
    outputs: outputs.map(counted),
    calls: calls.map((call) => {
      const inputs = call.inputs.map((each) => (isTensor(each) ? counted(each) : each));
      return { ...call, inputs, initialStates: call.initialStates.map(counted) };
    }),
  };
}

function isHistory(json: JsonValue | undefined): json is readonly [string, number, number, ...JsonValue[]] {
  if (!Array.isArray(json) || json.length < 3 || json.length > 4) return false;
  return typeof json[0] === 'string' && Number.isInteger(json[1]) && Number.isInteger(json[2]);
}

/** All tensors in a value of a configuration, in its order: as `[layer, call, output]`, or as Keras 3 describes them. */
function tensorsIn(json: JsonValue | undefined): TensorName[] {
  if (isHistory(json)) return [{ layer: json[0], call: json[1], output: json[2] }];
  if (Array.isArray(json)) return json.flatMap(tensorsIn);
  if (!isJsonObject(json)) return [];
  if (json['class_name'] === '__keras_tensor__') {
    const { config } = json;
    return isJsonObject(config) ? tensorsIn(config['keras_history']) : [];
  }
  return Object.values(json).flatMap(tensorsIn);
}

/** Tensors and numbers among the arguments of an operation. */
function argumentsIn(json: JsonValue | undefined): (TensorName | number)[] {
  if (typeof json === 'number') return [json];
  if (Array.isArray(json) && !isHistory(json)) return json.flatMap(argumentsIn);
  return tensorsIn(json);
}

/**
 * What of a call besides its inputs is known. `model.predict` of Keras 3 turns training off in every layer; before, a layer that is called
 * with `training=True` drops numbers and normalises by the batch in predictions, too.
 */
function isPlain({ version }: KerasSource, name: string, value: JsonValue): boolean {
  if (name === 'training') return value !== true || version === 3;
  return value === null || name === 'name' || (name === 'mask' && tensorsIn(value).length > 0);
}

function callsOf(source: KerasSource, layer: KerasLayer, json: JsonValue | undefined): KerasCall[] {
  if (json === undefined) return [];
  if (!Array.isArray(json)) throw corruptConfig(source, `${describeLayer(layer)} has no list of calls`);
  return json.map((call: JsonValue, index) => {
    const { inputs, options } = isJsonObject(call) ? newCall(call) : oldCall(call);
    for (const [name, value] of Object.entries(options)) {
      if (isPlain(source, name, value) || name === 'initial_state') continue;
      const reason = `it is called with '${name}' ${JSON.stringify(value)?.slice(0, 200)}`;
      throw unsupportedLayer(source, layer, reason);
    }
    const initialStates = tensorsIn(options['initial_state']);
    const isTraining = options['training'] === true;
    return { layer, index, inputs, initialStates, masks: tensorsIn(options['mask']), isTraining };
  });
}

type Call = { readonly inputs: readonly (TensorName | number)[]; readonly options: JsonObject };

/** A call as Keras 3 describes it. */
function newCall({ args, kwargs }: JsonObject): Call {
  const options = isJsonObject(kwargs) ? kwargs : {};
  // States that were given by position have the place behind the input.
  const [first, ...others] = Array.isArray(args) ? args : [];
  return { inputs: [...argumentsIn(first), ...others.flatMap(argumentsIn)], options };
}

/** A call as Keras 2 and TensorFlow.js describe it: tensors, of which each may have options of the call. */
function oldCall(json: JsonValue): Call {
  if (!Array.isArray(json)) return { inputs: [], options: {} };
  const tensors = isHistory(json) ? [json] : json;
  const options = tensors.flatMap((tensor) => (Array.isArray(tensor) && isJsonObject(tensor[3]) ? [tensor[3]] : []));
  const inputs = tensors.flatMap(tensorsIn);
  return { inputs, options: Object.assign({}, ...options) };
}
