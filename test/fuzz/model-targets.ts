/** Descriptions of models as a forged file holds them: with a right checksum, so that all that is behind it is reached. */
import { join } from 'node:path';
import fc from 'fast-check';
import { loadCheckpointSync, saveCheckpointSync } from '../../src/checkpoint/checkpoint.js';
import type { JsonObject } from '../../src/core/json.js';
import { sequential } from '../../src/model/network.js';
import { batchNormalization } from '../../src/network/layers/batch-normalization.js';
import { conv1d } from '../../src/network/layers/conv1d.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { layerNormalization } from '../../src/network/layers/layer-normalization.js';
import { gru, lstm, rnn } from '../../src/network/layers/recurrent.js';
import { adam, momentum } from '../../src/network/optimizers/optimizer.js';
import { saveModel } from '../../src/saved/save-model.js';
import { mutatedJson } from './json-mutations.js';

/** Networks that together have most layers and options. */
export function networks() {
  return [
    sequential([lstm({ units: 4, layers: 2, dropout: 0.3 }), dense({ units: 1 })], { features: 2 }),
    sequential([embedding({ size: 7, units: 3 }), gru({ units: 2, direction: 'bidirectional' }), dense({ units: 3 })]),
    sequential([conv1d({ units: 3, kernelSize: 3 }), batchNormalization(), rnn({ units: 2 }), dense({ units: 2 })], {
      features: 2,
    }),
    sequential([lstm({ units: 3, peepholes: true }), layerNormalization(), dense({ units: 2 })], { features: 1 }),
  ];
}

/** Saved models of these networks. */
export async function savedModels(directory: string): Promise<string[]> {
  const paths: string[] = [];
  for (const [at, network] of networks().entries()) {
    const path = join(directory, `model-${at}.safetensors`);
    const optimizer = at % 2 === 0 ? adam({ learningRate: 0.01 }) : momentum({ learningRate: 0.1, momentum: 0.9 });
    const loss = at === 1 ? 'softmaxCrossEntropy' : 'meanSquaredError';
    const model = network.compileSync({ loss, optimizer, seed: at, threads: 1 });
    await saveModel(model, path, { configuration: { note: 'own' } });
    model.dispose();
    paths.push(path);
  }
  return paths;
}

/** A forged checkpoint: other metadata, and tensors that are left out, renamed or of another shape. */
export interface Forgery {
  readonly base: number;
  readonly metadata: JsonObject;
  readonly tensor: {
    readonly at: number;
    readonly kind: 'keep' | 'drop' | 'rename' | 'reshape' | 'numbers';
    readonly name: string;
  };
}

/** Forgeries of checkpoints. */
export function forgeries(paths: readonly string[]): fc.Arbitrary<Forgery> {
  const tensor = fc.record({
    at: fc.nat(40),
    kind: fc.constantFrom('keep', 'keep', 'keep', 'keep', 'drop', 'rename', 'reshape', 'numbers'),
    name: fc.constantFrom(
      '__proto__',
      'constructor',
      'parameters/__proto__',
      'buffers/x',
      'optimizer/m/x',
      'carried/0',
    ),
  } as const);
  const bases = paths.map((path) => loadCheckpointSync(path).metadata);
  return fc
    .nat(paths.length - 1)
    .chain((base) =>
      fc.record({ base: fc.constant(base), metadata: mutatedJson([bases[base] as JsonObject]), tensor }),
    );
}

/** Writes a forged checkpoint with a right checksum. */
export function writeForgery(source: string, path: string, { metadata, tensor }: Forgery): void {
  const tensors = new Map(loadCheckpointSync(source).tensors);
  const [name = '', found] = [...tensors][tensor.at % Math.max(1, tensors.size)] ?? [];
  if (found !== undefined && tensor.kind !== 'keep') {
    if (tensor.kind !== 'numbers') tensors.delete(name);
    if (tensor.kind === 'rename') tensors.set(tensor.name, found);
    if (tensor.kind === 'reshape') tensors.set(name, { ...found, shape: [1, ...found.shape] });
    if (tensor.kind === 'numbers') (found.data as Float32Array).fill(Number.NaN);
  }
  // A forger writes what JSON allows; metadata that are no object are written as a member.
  const isObject = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
  saveCheckpointSync(path, { tensors, metadata: isObject ? metadata : { value: metadata } });
}
