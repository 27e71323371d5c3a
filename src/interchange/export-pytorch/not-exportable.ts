/** What the module in Python does not have. */
import { InterchangeError } from '../../core/errors.js';
import type { NodeDescription } from '../../network/description.js';

/** The layer is not there in Python. */
export function notExportable(node: NodeDescription, what: string): InterchangeError {
  const message = `node '${node.name}' cannot be written for PyTorch: ${what}. Its weights can be exported without module: true`;
  return new InterchangeError('not_exportable', message, { node: node.name, layer: node.layer.kind });
}
