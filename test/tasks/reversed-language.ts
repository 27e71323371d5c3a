/** A language and its reverse, to translate between in tests. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../src/core/random.js';
import { QUIET } from './trained.js';

/** Sentences of a language without grammar, and the words of another one in reverse: `a b c` is `C B A`. */
function reversedLanguage(directory: string, name: string, count: number, seed: number): string {
  const random = new Random(seed, 'language');
  const sentences = Array.from({ length: count }, () =>
    Array.from({ length: 2 + random.integer(4) }, () => 'abcdefgh'[random.integer(8)] as string),
  );
  const write = (end: string, lines: readonly string[]) =>
    writeFileSync(join(directory, `${name}.${end}`), `${lines.join('\n')}\n`);
  write(
    'low',
    sentences.map((words) => words.join(' ')),
  );
  write(
    'up',
    sentences.map((words) => [...words].reverse().join(' ').toUpperCase()),
  );
  return join(directory, name);
}

/** Options of a small training on such sentences, with separate files for all parts. */
export function reversedTraining(directory: string, more: object = {}, pairs = 900) {
  const data = reversedLanguage(directory, 'train', pairs, 1);
  const valid = reversedLanguage(directory, 'dev', 40, 2);
  const test = reversedLanguage(directory, 'test', 40, 3);
  const out = join(directory, 'run');
  const size = {
    units: 32,
    embedding: 16,
    dropout: 0,
    epochs: 7,
    batch: 16,
    learningRate: 1e-2,
    cell: 'gru',
    beams: 3,
  } as const;
  return { ...QUIET, data, valid, test, languages: 'low-up', out, ...size, ...more };
}
