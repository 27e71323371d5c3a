/** Clipping and optimizers, over whole parameter blocks. Kernels: native/kernels/generic/rows/updates.cc. */
import type { OperationDefinition } from '../operation.js';

export const updateOperations: Readonly<Record<string, OperationDefinition>> = {
  clipNorm: { signature: '&g:1,P max:1,1:d loss:1,1? > norm:1,1:d', role: 'update' },
  clipValue: { signature: '&g:1,P limit:1,1:d', role: 'update' },
  sgd: { signature: '&w:1,P g:1,P &m:1,P? norm:1,1:d h:1,6:d', role: 'update' },
  adam: { signature: '&w:1,P g:1,P &m:1,P &v:1,P norm:1,1:d h:1,8:d', role: 'update' },
  rmsprop: { signature: '&w:1,P g:1,P &s:1,P &m:1,P? norm:1,1:d h:1,6:d', role: 'update' },
};
