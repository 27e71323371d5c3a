import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeSafetensorsSync } from '../../src/checkpoint/safetensors.js';
import { InterchangeError } from '../../src/core/errors.js';
import { type ImportOptions, importModel } from '../../src/entries/interchange.js';
import { matrix } from '../oracle/matrix.js';
import { compare, tolerance } from '../oracle/tolerance.js';
import { inputsOf, networkOf, outputsOf, type TorchCase, tensorsOf, torchCases } from './torch-cases.js';

const folder = mkdtempSync(join(tmpdir(), 'bptt-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(each: TorchCase): string {
  const path = join(folder, `${each.seed}.safetensors`);
  writeSafetensorsSync(path, tensorsOf(each));
  return path;
}

/** How far a model is from PyTorch, in tolerances. */
async function distance(each: TorchCase, options: ImportOptions): Promise<{ ratio: number; message: string }> {
  const { model } = await importModel(fileOf(each), options);
  try {
    const results = await model.predict(inputsOf(each) as never);
    const actual = (results as Float32Array[]).flatMap((rows) => [...rows]);
    const expected = outputsOf(each);
    const columns = model.outputShapes.get('output')?.columns ?? 1;
    const widest = Math.max(
      ...each.links.map(({ inputs = 1, units = 1, kernel = 1 }) => Math.max(units, inputs * kernel)),
    );
    const layers = each.links.reduce((sum, { layers = 1 }) => sum + layers, 0);
    const relative = tolerance({ terms: widest, steps: Math.max(...each.lengths) * layers });
    return compare(actual, matrix(expected.length / columns, columns, expected), relative);
  } finally {
    model.dispose();
  }
}

const kinds = ({ links }: TorchCase) => links.map(({ type }) => type).join(' ');

/** Chains of modules that mean one thing alone. */
const isPlain = (each: TorchCase) => /^(Embedding )?(LSTM|GRU|LSTMCell|GRUCell)( Linear)?$/.test(kinds(each));

describe('random models of PyTorch', () => {
  it('are several hundred of all kinds', () => {
    expect(torchCases.length).toBeGreaterThanOrEqual(300);
    const types = new Set(torchCases.flatMap(({ links }) => links.map(({ type }) => type)));
    expect([...types].sort()).toEqual(
      [
        'BatchNorm1d',
        'Conv1d',
        'Embedding',
        'GRU',
        'GRUCell',
        'LSTM',
        'LSTMCell',
        'LayerNorm',
        'Linear',
        'RNN',
        'RNNCell',
      ]
        .concat('activation', 'last')
        .sort(),
    );
  });

  it.each(torchCases.map((each) => [`${each.seed}: ${kinds(each)}`, each] as const))(
    '%s computes the same',
    async (_, each) => {
      const { ratio, message } = await distance(each, { network: networkOf(each) });
      expect(ratio, message).toBeLessThanOrEqual(1);
    },
  );
});

describe('a file without a network', () => {
  const plain = torchCases.filter(isPlain);

  it('gives the same model where names and shapes decide it', async () => {
    const ends = new Map<string, number>();
    for (const each of plain) {
      const end = await distance(each, {}).then(
        ({ ratio, message }) => {
          expect(ratio, `${each.seed}: ${message}`).toBeLessThanOrEqual(1);
          return 'model';
        },
        (error: InterchangeError) => error.code,
      );
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    // Safetensors do not keep the order of modules: some widths fit in two orders.
    expect([...ends.keys()].sort()).toEqual(['ambiguous_network', 'model']);
    expect(ends.get('model')).toBeGreaterThan(40);
  });

  it('is refused with a network where they do not', async () => {
    const others = torchCases.filter((each) => !isPlain(each) && !/^(Embedding )?(LSTM|GRU)\w* last/.test(kinds(each)));
    for (const each of others) {
      await expect(importModel(fileOf(each)), `${each.seed}: ${kinds(each)}`).rejects.toMatchObject({
        name: InterchangeError.name,
        code: 'ambiguous_network',
      });
    }
    expect(others.length).toBeGreaterThan(100);
  });
});

describe('modules with other names than the nodes', () => {
  it('are found by their shapes', async () => {
    for (const each of torchCases.filter(({ seed }) => seed % 4 === 0)) {
      const { ratio, message } = await distance(each, { network: networkOf(each, (name) => `my_${name}`) });
      expect(ratio, `${each.seed}: ${message}`).toBeLessThanOrEqual(1);
    }
  });
});
