/** A functional model of Keras 3 while it is put together: its layers as JSON, and their weights. */
import { InterchangeError } from '../../core/errors.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import { memberNames } from '../keras/hdf5-weights.js';

/** The numbers of a variable of Keras. */
export interface KerasArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** An output of a layer of Keras. */
export interface KerasTensor {
  readonly layer: string;
  readonly output: number;
  readonly columns: number;
  /** Whether there is one row for each step. */
  readonly hasSteps: boolean;
}

/** What a layer is besides its class. */
export interface KerasLayerSettings {
  readonly config?: JsonObject;
  readonly inputs: readonly KerasTensor[];
  /** Whether the layer takes a list, even of one. */
  readonly takesList?: boolean;
  readonly initialStates?: readonly KerasTensor[];
  /** Variables in the order of Keras, by the part of the layer that has them: `cell`, `forward_layer/cell`, or `` for itself. */
  readonly weights?: Readonly<Record<string, readonly KerasArray[]>>;
}

/** The error for what Keras does not have. */
export function notExportable(node: string, reason: string): InterchangeError {
  const message = `the node '${node}' cannot be written for Keras: ${reason}`;
  return new InterchangeError('not_exportable', message, { name: node });
}

/** A description of an object of Keras. */
export function described(module: string, className: string, config: JsonObject, registered: string | null = null) {
  return { module, class_name: className, config, registered_name: registered } satisfies JsonObject;
}

function asJson({ layer, output, columns, hasSteps }: KerasTensor): JsonObject {
  const shape = hasSteps ? [null, null, columns] : [null, columns];
  return { class_name: '__keras_tensor__', config: { shape, dtype: 'float32', keras_history: [layer, 0, output] } };
}

interface Layer {
  readonly name: string;
  readonly className: string;
  readonly json: JsonObject;
  readonly settings: KerasLayerSettings;
}

/** The tensors that a layer reads, in the order of Keras. */
const readBy = ({ inputs, initialStates = [] }: KerasLayerSettings) => [...inputs, ...initialStates];

/**
 * The layers in the order in which Keras holds those of a functional model: the farther from the outputs, the earlier; as far ones as
 * a walk back from the outputs meets them. Weights are numbered in it. Layers that no output needs are left out.
 *
 * @see the function `map_graph` of Keras 3
 */
function inKerasOrder(layers: ReadonlyMap<string, Layer>, outputs: readonly KerasTensor[]): Layer[] {
  const met = new Map<Layer, number>();
  const finished: Layer[] = [];
  const visit = (name: string): void => {
    const layer = layers.get(name) as Layer;
    if (met.has(layer)) return;
    met.set(layer, met.size);
    for (const input of readBy(layer.settings)) visit(input.layer);
    finished.push(layer);
  };
  for (const output of outputs) visit(output.layer);
  const depths = new Map<Layer, number>();
  for (const layer of finished.reverse()) {
    const depth = depths.get(layer) ?? 0;
    depths.set(layer, depth);
    for (const input of readBy(layer.settings)) {
      const source = layers.get(input.layer) as Layer;
      depths.set(source, Math.max(depth + 1, depths.get(source) ?? 0));
    }
  }
  for (const layer of layers.values()) {
    if (layer.className !== 'InputLayer' || depths.has(layer)) continue;
    depths.set(layer, 0);
    met.set(layer, -1);
  }
  const place = (layer: Layer) => [-(depths.get(layer) as number), met.get(layer) as number] as const;
  return [...depths.keys()].sort((left, right) => {
    const [[a, b], [c, d]] = [place(left), place(right)];
    return a - c || b - d;
  });
}

/** Layers as they are added. */
export class KerasGraph {
  readonly notes: string[] = [];
  readonly #layers = new Map<string, Layer>();
  readonly #inputs: JsonValue[] = [];

  input(wanted: string, shape: readonly (number | null)[], dtype: 'float32' | 'int32', columns: number): KerasTensor {
    const hasSteps = shape.length > (dtype === 'int32' ? 1 : 2);
    const layer = this.#add(wanted, 'InputLayer', { batch_shape: [...shape], dtype }, { inputs: [] });
    this.#inputs.push([layer, 0, 0]);
    return { layer, output: 0, columns, hasSteps };
  }

  /** Adds a layer. @returns its name */
  layer(wanted: string, className: string, settings: KerasLayerSettings): string {
    return this.#add(wanted, className, settings.config ?? {}, settings);
  }

  /** Adds an operation that turns the steps of a tensor around. @returns its name */
  flip(wanted: string, input: KerasTensor): string {
    return this.#add(wanted, 'Flip', { axis: 1 }, { inputs: [input] }, 'keras.src.ops.numpy');
  }

  note(sentence: string): void {
    if (!this.notes.includes(sentence)) this.notes.push(sentence);
  }

  /** The model as `config.json` has it. */
  config(name: string, outputs: readonly KerasTensor[]): JsonObject {
    const one = (list: readonly JsonValue[]): JsonValue => (list.length === 1 ? (list[0] as JsonValue) : list);
    const config = {
      name,
      trainable: true,
      layers: inKerasOrder(this.#layers, outputs).map(({ json }) => json),
      input_layers: one(this.#inputs),
      output_layers: one(outputs.map(({ layer, output }) => [layer, 0, output])),
    };
    return described('keras.src.models.functional', 'Functional', config, 'Functional');
  }

  /** Variables by their paths in the weights of Keras 3. */
  weights(outputs: readonly KerasTensor[]): Map<string, KerasArray> {
    const layers = inKerasOrder(this.#layers, outputs).filter(({ className }) => className !== 'InputLayer');
    const members = memberNames(layers.map(({ className }) => className));
    const arrays = new Map<string, KerasArray>();
    for (const [at, { settings }] of layers.entries()) {
      for (const [part, variables] of Object.entries(settings.weights ?? {})) {
        const group = `layers/${members[at]}/${part === '' ? '' : `${part}/`}vars`;
        for (const [index, array] of variables.entries()) arrays.set(`${group}/${index}`, array);
      }
    }
    return arrays;
  }

  #add(
    wanted: string,
    className: string,
    config: JsonObject,
    settings: KerasLayerSettings,
    module = 'keras.layers',
  ): string {
    let name = wanted;
    for (let count = 1; this.#layers.has(name); count++) name = `${wanted}_${count}`;
    const { inputs, takesList = false, initialStates = [] } = settings;
    const tensors = inputs.map(asJson);
    const kwargs = initialStates.length > 0 ? { initial_state: initialStates.map(asJson) } : {};
    const calls = inputs.length === 0 ? [] : [{ args: [takesList ? tensors : (tensors[0] as JsonValue)], kwargs }];
    const own = described(module, className, { name, ...config }, module === 'keras.layers' ? null : className);
    this.#layers.set(name, { name, className, settings, json: { ...own, name, inbound_nodes: calls } });
    return name;
  }
}
