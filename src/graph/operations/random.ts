/** Random masks. Kernels: native/kernels/generic/rows/random_mask.cc. */
import type { OperationDefinition } from '../operation.js';

export const randomOperations: Readonly<Record<string, OperationDefinition>> = {
  /** Its size comes from the extents R and C. It depends on nothing but the key: there is no gradient. */
  randomMask: {
    signature: 'key:1,4:i > y:R,C',
    attributes: 'rate:0..0.999999 operationId:0..2147483647i dropped:-1e30..1e30 kept:-1e30..1e30',
  },
};
