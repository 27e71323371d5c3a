/** Readers of Keras and TensorFlow.js end in a model or in an error with a code, whatever a file holds. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.js';
import { importModel } from '../../src/interchange/import-model.js';
import { inspectFile } from '../../src/interchange/inspect-file.js';
import { keptFile, kerasCases, tensorflowJsCases } from '../interchange/keras-cases.js';
import { outcomeOf } from './execution.js';
import { asBytes, asText, corpusOf, fuzz } from './fuzzing.js';
import { mutatedJson } from './json-mutations.js';
import { mutated } from './mutations.js';

const directory = mkdtempSync(join(tmpdir(), 'bptt-fuzz-keras-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Imports and describes a file, both at once. */
async function read(path: string, format: string, config?: string): Promise<void> {
  const inspected = inspectFile(path, { format }).catch((error: unknown) => error);
  const { model } = await importModel(path, { format, config });
  model.dispose();
  const error = await inspected;
  if (error instanceof Error) throw error;
}

const kept = (ending: string) => kerasCases().flatMap(({ file }) => (file?.endsWith(ending) ? [`${file}.gz`] : []));

describe.each([
  ['keras', '.keras'],
  ['keras-hdf5', '.h5'],
])('the reader of %s', (name, ending) => {
  const files = kept(ending).filter((file) => ending === '.keras' || !file.includes('.weights.'));
  const seeds = files.slice(0, 6).map(keptFile);
  const path = join(directory, `x${ending}`);
  const execute = (bytes: Buffer) => {
    writeFileSync(path, bytes);
    return read(path, 'keras');
  };

  it('reads the valid files', async () => {
    for (const seed of seeds) expect(await outcomeOf(() => execute(seed))).toEqual({ code: 'result', kind: '' });
  });

  it('ends in a result or a coded error for the kept inputs', async () => {
    for (const text of corpusOf<string>(name)) await outcomeOf(() => execute(asBytes(text)));
  });

  it('ends in a result or a coded error for mutated files', async () => {
    const { runs } = await fuzz(name, mutated(seeds), { execute, saved: asText });
    expect(runs).toBeGreaterThan(0);
  });
});

describe('configurations', () => {
  const weights = join(directory, 'x.weights.h5');
  const [seed] = kerasCases().filter(({ file }) => file?.endsWith('.weights.h5'));

  it('of Keras end in a result or a coded error', async () => {
    writeFileSync(weights, keptFile(`${seed?.file}.gz`));
    const configs = kerasCases()
      .filter((_, at) => at % 5 === 0)
      .map(({ config }) => config);
    const execute = (config: JsonObject) => {
      writeFileSync(`${weights}.json`, JSON.stringify(config));
      return read(weights, 'keras', `${weights}.json`);
    };
    const { runs } = await fuzz('keras-config', mutatedJson(configs), { execute, saved: (config) => config });
    expect(runs).toBeGreaterThan(0);
  });

  it('of TensorFlow.js end in a result or a coded error', async () => {
    mkdirSync(join(directory, 'tfjs'));
    const path = join(directory, 'tfjs', 'model.json');
    writeFileSync(join(directory, 'tfjs', 'weights.bin'), new Uint8Array(4096));
    const models = tensorflowJsCases().map(({ json }) => {
      const [group] = json['weightsManifest'] as readonly JsonObject[];
      return { ...json, weightsManifest: [{ ...group, paths: ['weights.bin'] }] } as JsonObject;
    });
    const execute = (model: JsonObject) => {
      writeFileSync(path, JSON.stringify(model));
      return read(path, 'tensorflow-js');
    };
    const { runs } = await fuzz('tensorflow-js', mutatedJson(models), { execute, saved: (model) => model });
    expect(runs).toBeGreaterThan(0);
  });
});
