/** The random networks of the goldens, typed. */
import { readFileSync } from 'node:fs';
import * as operations from '../../../src/entries/operations.js';
import * as bptt from '../../../src/index.js';
import type { ExportOnnxOptions } from '../../../src/interchange/export-onnx/export-onnx.js';
import type { Model } from '../../../src/model/model.js';
import type { Network } from '../../../src/model/network.js';

/** A network with what it is exported with. */
export interface Case {
  readonly kind: string;
  readonly network: Network;
  readonly model: Model;
  readonly settings: ExportOnnxOptions;
}

const golden = (name: string) => new URL(`../golden/${name}`, import.meta.url);
const { caseOf } = (await import(golden('onnx-networks.mjs').href)) as {
  caseOf(library: object, operations: object, seed: number): Promise<Case | undefined>;
};

/** The digest of a graph. */
export const { digestOf } = (await import(golden('onnx-digest.mjs').href)) as { digestOf(file: object): string };

/** The digests of the graphs that ONNX Runtime was compared with, by seed. */
export const digests: Readonly<Record<string, string>> = JSON.parse(readFileSync(golden('onnx_exports.json'), 'utf8'));

/** The network of a seed among those of the digests. */
export async function networkOf(seed: string): Promise<Case> {
  return (await caseOf(bptt, operations, Number(seed))) as Case;
}
