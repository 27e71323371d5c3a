/** Models of Keras 2 and 3 compute here what they compute there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { importModel } from '../../src/interchange/import-model.js';
import {
  expectOutputs,
  importedFromHash,
  type KerasCase,
  keptFile,
  kerasCases,
  kerasLayerCases,
} from './keras-cases.js';

const folder = mkdtempSync(path.join(tmpdir(), 'bptt-keras-'));
afterAll(() => rmSync(folder, { recursive: true }));

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
    const imported = await importedFromHash(each);
    try {
      await expectOutputs(imported, each);
    } finally {
      imported.model.dispose();
    }
  });

  const layers = kerasLayerCases();
  it.each(layers.map((each) => [`${each.name} ${each.shape}`, each] as const))('%s gives the same', async (_, each) => {
    const imported = await importedFromHash(each);
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
