import { openFile } from '../../core/byte-source.js';
import { OptionError } from '../../core/errors.js';
import type { Format, ImportOptions, OpenImport } from '../shared/imported-network.js';
import { inspectOnnx } from './inspect-onnx.js';
import { graphOf } from './ir.js';
import { decoded, opsetOf } from './model-file.js';
import { networkOf } from './network-of-graph.js';
import { importOwn } from './own-file.js';

function importOnnx(path: string, options: ImportOptions): Promise<OpenImport> {
  return new Promise((resolve) => {
    const file = openFile(path);
    const close = () => file.close();
    try {
      const model = decoded(file);
      const own = options.axes === undefined ? importOwn(path, model, options.network) : undefined;
      if (own !== undefined) return resolve({ ...own, close });
      if (options.network !== undefined) {
        const message = `option 'network' is for files that this library has written: '${path}' has a network of its own`;
        throw new OptionError('invalid_option', message, { name: 'network', source: path });
      }
      const graph = graphOf(model.graph as NonNullable<typeof model.graph>);
      const { network, imported } = networkOf(path, graph, opsetOf(path, model), options);
      resolve({ network, weights: imported.builder.weights, notes: imported.builder.notes, close });
    } catch (error) {
      close();
      throw error;
    }
  });
}

/** ONNX files. */
export const onnxFormat: Format = {
  name: 'onnx',
  description: 'ONNX files (.onnx)',
  options: ['axes', 'constants', 'network'],
  // A message has no mark at its beginning: its first field is the version of the format, a small number.
  recognizes: (path, begin) =>
    path.toLowerCase().endsWith('.onnx') || (begin[0] === 0x08 && (begin[1] as number) < 32 && begin[2] === 0x12),
  import: importOnnx,
  inspect: inspectOnnx,
};
