/** Models of Keras 2 and 3 compute here what they compute there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { importModel } from '../../src/interchange/import-model.js';
import { convertModel } from '../../src/interchange/keras/convert-model.js';
import { configVersion, majorVersion, modelOf } from '../../src/interchange/keras/keras-format.js';
import { TensorTable, variablesOf } from '../../src/interchange/keras/layer-weights.js';
import { makeModel } from '../../src/interchange/shared/make-model.js';
import { hashedWeight } from './hashed-numbers.js';
import { countOf, expectOutputs, type KerasCase, kerasCases, keptFile } from './keras-cases.js';

const folder = mkdtempSync(path.join(tmpdir(), 'bptt-keras-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The model of a configuration, with the weights that the hash gives. */
async function withHashedWeights({ name, config, variables }: KerasCase) {
  const source = { path: name, version: majorVersion(name, configVersion(config)) };
  const root = modelOf(source, config);
  const table = new TensorTable();
  const own = variablesOf(root);
  expect(own.map(({ role }) => role)).toEqual(variables.map(([role]) => role));
  for (const [at, variable] of own.entries()) {
    const [role, shape] = variables[at] as KerasCase['variables'][number];
    const read = () => hashedWeight(at, role, countOf(shape));
    table.set(variable, { name: `${at} ${role}`, shape, type: 'float32', read });
  }
  const imported = convertModel(source, root, table.all);
  const { outputs } = imported.network.description;
  const losses = outputs && Object.fromEntries(Object.keys(outputs).map((each) => [each, 'meanSquaredError']));
  const loss = losses === undefined ? { loss: 'meanSquaredError' } : { losses };
  return { model: await makeModel(name, imported, loss as never), format: 'keras', notes: imported.notes };
}

/** Reads the kept file of a case, as Keras has written it. */
async function fromFile({ config, file = '' }: KerasCase) {
  const target = path.join(folder, file);
  writeFileSync(target, keptFile(`${file}.gz`));
  if (!file.endsWith('.weights.h5')) return importModel(target);
  writeFileSync(`${target}.json`, JSON.stringify(config));
  return importModel(target, { config: `${target}.json` });
}

const cases = kerasCases();

describe('models of Keras', () => {
  it('are at least 150, of both versions, with all kinds of files', () => {
    const count = (begin: string) => cases.filter(({ name }) => name.startsWith(begin)).length;
    expect([count('keras3-') >= 110, count('keras2-') >= 40]).toEqual([true, true]);
    const endings = new Set(cases.flatMap(({ file }) => file?.replace(/^[^.]*/, '') ?? []));
    expect([...endings].sort()).toEqual(['.h5', '.keras', '.weights.h5']);
  });

  it.each(cases.map((each) => [each.name, each] as const))('%s gives the same outputs', async (_, each) => {
    const imported = await withHashedWeights(each);
    try {
      await expectOutputs(imported, each);
    } finally {
      imported.model.dispose();
    }
  });

  const files = cases.filter(({ file }) => file !== undefined);
  it.each(files.map((each) => [each.file, each] as const))('the file %s gives the same outputs', async (_, each) => {
    const imported = await fromFile(each);
    expect(imported.format).toBe('keras');
    try {
      await expectOutputs(imported, each);
    } finally {
      imported.model.dispose();
    }
  });
});
