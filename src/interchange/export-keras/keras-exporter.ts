/** Writes a model for Keras 3. */
import { InterchangeError, OptionError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';
import type { Model } from '../../model/model.js';
import { outputNodes } from '../../network/description.js';
import { isKind } from '../../network/layers/layers.js';
import type { RecurrentDescription } from '../../network/layers/recurrent.js';
import { writeBinary } from '../export-pytorch/write-files.js';
import { loadHdf5 } from '../keras/hdf5-file.js';
import type { Exporter } from '../shared/exporter.js';
import type { Tensor } from './keras-arrays.js';
import { type KerasArray, KerasGraph, type KerasTensor } from './keras-graph.js';
import { exportNode } from './node-export.js';
import { exportRecurrent } from './recurrent-export.js';
import { storedZip } from './zip-writer.js';

/** How a model is written for Keras: it has no options. */
export type KerasExportOptions = Readonly<Record<never, never>>;

/** The version whose format is written. */
const KERAS_VERSION = '3.15.1';

/** Most bytes of weights: a file is put together in the memory of the package. */
const MOST_BYTES = 2 ** 30;

type Tensors = ReadonlyMap<string, Tensor>;

function addInputs(graph: KerasGraph, { inputs }: Model['description']): Map<string, KerasTensor> {
  const added = Object.entries(inputs).map(([name, input]) => {
    const steps = input.per === 'sequence' ? [null] : [null, null];
    const tensor =
      input.kind === 'indices'
        ? graph.input(name, steps, 'int32', 1)
        : graph.input(name, [...steps, input.units], 'float32', input.units);
    return [name, tensor] as const;
  });
  return new Map(added);
}

/** The network as a functional model. @throws {InterchangeError} `not_exportable` */
export function kerasGraph(
  description: Model['description'],
  tensors: Tensors,
): { graph: KerasGraph; outputs: KerasTensor[] } {
  const graph = new KerasGraph();
  const values = addInputs(graph, description);
  const read = new Set(description.nodes.flatMap(({ inputs, states }) => [...inputs, ...Object.values(states ?? {})]));
  for (const { name, layer, inputs, states } of description.nodes) {
    const given = inputs.map((input) => values.get(input) as KerasTensor);
    const tensor = (part: string) => tensors.get(`${name}.${part}`) as Tensor;
    if (!isKind(layer, 'rnn') && !isKind(layer, 'lstm') && !isKind(layer, 'gru')) {
      const table = (node: string) => tensors.get(`${node}.weight`) as Tensor;
      values.set(name, exportNode(graph, { name, layer, inputs: given, tensor, table }));
      continue;
    }
    const initial = states && Object.entries(states).map(([state, from]) => [state, values.get(from) as KerasTensor]);
    const exported = exportRecurrent(graph, {
      ...{ name, layer: layer as RecurrentDescription, input: given[0] as KerasTensor, tensor },
      states: initial && Object.fromEntries(initial),
      returnsState: [...read].some((source) => source.startsWith(`${name}.`)),
    });
    values.set(name, exported.output);
    for (const [state, value] of exported.states) values.set(`${name}.${state}`, value);
  }
  const outputs = [...outputNodes(description).values()].map((node) => values.get(node) as KerasTensor);
  return { graph, outputs };
}

let written = 0;

/** The weights as an HDF5 file. */
async function hdf5Bytes(arrays: ReadonlyMap<string, KerasArray>, path: string): Promise<Uint8Array> {
  const { hdf5, module } = await loadHdf5(`writing '${path}'`);
  const name = `/bptt-written-${written++}.h5`;
  try {
    const file = new hdf5.File(name, 'w');
    const groups = new Set<string>(['']);
    for (const [place, { shape, data }] of arrays) {
      const parts = place.split('/');
      for (let length = 1; length < parts.length; length++) {
        const group = parts.slice(0, length).join('/');
        if (!groups.has(group)) file.create_group(group);
        groups.add(group);
      }
      file.create_dataset({ name: place, data, shape: [...shape], dtype: '<f' });
    }
    file.close();
    return module.FS.readFile(name) as Uint8Array;
  } finally {
    module.FS.unlink(name);
  }
}

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Keras 3: a whole model, or its weights. */
export const kerasExporter: Exporter<KerasExportOptions> = {
  options: [],
  async write(model, path) {
    if (!/\.(keras|weights\.h5)$/.test(path)) {
      const message = `exportModel: the path of a model for Keras must end in '.keras', and that of weights in '.weights.h5', got ${describeValue(path)}`;
      throw new OptionError('invalid_option', message, { name: 'path', value: path });
    }
    const { graph, outputs } = kerasGraph(
      model.description,
      new Map<string, Tensor>([...model.parameters, ...model.buffers]),
    );
    const arrays = graph.weights(outputs);
    const bytes = [...arrays.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    if (bytes > MOST_BYTES) {
      const message = `'${path}' would have ${bytes} bytes of weights; for Keras at most ${MOST_BYTES} are written`;
      throw new InterchangeError('not_exportable', message, { path, bytes });
    }
    const weights = await hdf5Bytes(arrays, path);
    if (path.endsWith('.weights.h5')) {
      await writeBinary(path, weights);
      return { files: [path], notes: graph.notes };
    }
    const files = new Map([
      ['metadata.json', json({ keras_version: KERAS_VERSION, date_saved: '1980-01-01@00:00:00' })],
      ['config.json', json(graph.config('model', outputs))],
      ['model.weights.h5', weights],
    ]);
    await writeBinary(path, storedZip(files));
    return { files: [path], notes: graph.notes };
  },
};
