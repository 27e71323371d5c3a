import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type GoldenKind, loadGoldens } from './load.js';

const folder = new URL('.', import.meta.url);
const filesEndingWith = (end: string) => readdirSync(folder).filter((file) => file.endsWith(end));

/** Kinds that a test of this folder loads all goldens of, with `loadGoldens('KIND')`. */
const testedKinds = [
  ...new Set(
    filesEndingWith('.test.ts').flatMap((file) => {
      const text = readFileSync(new URL(file, folder), 'utf8');
      return [...text.matchAll(/describe\.each\(loadGoldens\('(\w+)'\)/g)].map(([, kind]) => kind as GoldenKind);
    }),
  ),
];

describe('the folder of goldens', () => {
  it('holds no file that no test reads', () => {
    const read = testedKinds.flatMap((kind) => loadGoldens(kind).map(({ name }) => `${name}.json`));
    expect(read.sort()).toEqual(filesEndingWith('.json').sort());
  });

  it('holds every cell, ragged and of one step, every loss and every optimizer', () => {
    const names = filesEndingWith('.json').map((file) => file.slice(0, -'.json'.length));
    const cells = ['rnn_tanh', 'rnn_relu', 'lstm', 'gru'];
    expect(names).toEqual(expect.arrayContaining(cells.flatMap((cell) => [`${cell}_ragged`, `${cell}_one_step`])));
    const losses = [
      'softmax_cross_entropy',
      'sigmoid_cross_entropy',
      'mean_squared_error',
      'absolute_error',
      'huber_error',
    ];
    expect(names).toEqual(expect.arrayContaining(losses));
    const optimizers = ['sgd', 'momentum', 'adam', 'adamw', 'adam_amsgrad', 'adagrad', 'rmsprop'];
    expect(names).toEqual(expect.arrayContaining(optimizers.map((name) => `optimizer_${name}`)));
  });
});
