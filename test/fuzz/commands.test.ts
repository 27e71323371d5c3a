/** The command line ends with a status and at most one line `bptt: error [code]`, whatever its words and files are. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Output } from '../../src/cli/output.js';
import { runCommandLine } from '../../src/cli/run-command-line.js';
import { StopRequest } from '../../src/cli/stop-request.js';
import { BpttError } from '../../src/core/errors.js';
import { lineProgress } from '../../src/training/progress.js';
import { outcomeOf } from './execution.js';
import { fileSeeds } from './file-seeds.js';
import { corpusOf, fuzz } from './fuzzing.js';
import { mutated } from './mutations.js';
import { smallRuns } from './small-runs.js';

/** A training that takes longer is stopped as by a signal. */
const STOP_AFTER_MS = 700;

const directory = mkdtempSync(join(tmpdir(), 'bptt-fuzz-'));
const before = process.cwd();
const threads = process.env['BPTT_THREADS'];

/** Files by name; all paths of the words are relative to their folder, so that nothing is written elsewhere. */
const files: Record<string, Uint8Array> = {};
beforeAll(async () => {
  const seeds = fileSeeds(directory);
  Object.assign(files, {
    ...{ 'table.csv': seeds.table[0], 'tabs.tsv': seeds.table[2], 'tokens.conll': seeds.tokens[0] },
    ...{ 'labels.txt': seeds.labels[0], 'pairs.tsv': seeds.pairs[0], 'pieces.json': seeds.pieces[0] },
    ...{
      'series.ts': seeds.series[0],
      'clips.csv': seeds.transcripts[0],
      'a.wav': seeds.wav[0],
      'b.wav': seeds.wav[0],
    },
    'config.json': Buffer.from('{"units": 4, "epochs": 1}'),
  });
  for (const { task, run, data } of await smallRuns(directory, false)) {
    runs.push(join('runs', basename(run)));
    if (task === 'lm') files['text.txt'] = readFileSync(data);
  }
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(directory, name), bytes);
  process.chdir(directory);
  process.env['BPTT_THREADS'] = '1';
}, 60_000);
afterAll(() => {
  process.chdir(before);
  if (threads === undefined) delete process.env['BPTT_THREADS'];
  else process.env['BPTT_THREADS'] = threads;
  rmSync(directory, { recursive: true, force: true });
});

const runs: string[] = [];
const QUICK = ['--out', 'out', '--epochs', '1', '--units', '3', '--naive', '0', '--json'];

/** Right command lines. */
function lines(): string[][] {
  return [
    ['train', 'classify', '--data', 'labels.txt', ...QUICK, '--embedding', '3'],
    ['train', 'classify', '--data', 'series.ts', ...QUICK],
    ['train', 'classify', '--data', 'tabs.tsv', '--target', 'label', ...QUICK, '--class-weights', 'balanced'],
    ['train', 'tag', '--data', 'tokens.conll', ...QUICK, '--embedding', '3'],
    ['train', 'forecast', '--data', 'table.csv', '--columns', 'a,b', ...QUICK, '--history', '1', '--horizon', '1'],
    ['train', 'lm', '--data', 'text.txt', ...QUICK, '--steps', '8', '--batch', '2'],
    ['train', 'translate', '--data', 'pairs.tsv', ...QUICK, '--beams', '2'],
    ['train', 'music', '--data', 'pieces.json', ...QUICK],
    ['train', 'transcribe', '--data', 'clips.csv', ...QUICK],
    ['train', 'lm', '--config', 'config.json', '--data', 'text.txt', '--out', 'out'],
    ...runs.flatMap((run) => [
      ['eval', run, '--data', 'labels.txt', '--json'],
      ['predict', run, '--data', 'labels.txt'],
      ['predict', run, 'Abc', '--json'],
      ['sample', run, '--length', '5', '--seed', '1'],
      ['train', 'lm', '--resume', '--out', run],
    ]),
    ['defaults', 'classify', '--json'],
    ['info', '--json'],
  ];
}

const WORDS = [
  ...[
    '',
    '-',
    '--',
    '--__proto__',
    '--constructor',
    '__proto__',
    'constructor',
    'toString',
    '--help',
    '--resume',
    '--json',
  ],
  ...[
    '-1',
    '0',
    '1e9',
    '1e999',
    'NaN',
    '4294967296',
    '9007199254740993',
    '1.5',
    'x'.repeat(3000),
    '\u0000',
    '\ud800',
    '漢',
  ],
  ...[
    '--data',
    '--out',
    '--seed',
    '--dropout',
    '--recurrent',
    '{"__proto__":1}',
    '[',
    '--optimizer',
    'adam:',
    'cosine:x=1',
  ],
  ...[
    '--valid',
    '2',
    '--test',
    'table.csv',
    '--columns',
    'a,,b',
    '--time',
    'date',
    '--delimiter',
    ';;',
    '--quote',
    "'",
  ],
  ...[
    '--encoding',
    'latin1',
    'utf-99',
    '--header',
    'none',
    '--missing',
    'mask',
    '--period',
    '--mode',
    '--level',
    'char',
  ],
  ...[
    '--schedule',
    '--init',
    'uniform:',
    '--class-weights',
    '--temperature',
    '--checkpoint',
    'best',
    'runs',
    '.',
    'absent/x',
  ],
];

interface Command {
  readonly base: number;
  readonly edits: readonly { readonly kind: string; readonly at: number; readonly word: string }[];
  /** A file that is written with other bytes first. */
  readonly file: string | undefined;
  readonly bytes: string;
}

function commands(): fc.Arbitrary<Command> {
  const edit = fc.record({
    kind: fc.constantFrom('replace', 'insert', 'remove', 'twice'),
    at: fc.nat(30),
    word: fc.constantFrom(...WORDS),
  });
  const file = fc.option(fc.constantFrom(...Object.keys(files)), { nil: undefined });
  return fc
    .record({ base: fc.nat(lines().length - 1), edits: fc.array(edit, { maxLength: 3 }), file })
    .chain((command) => {
      const { file } = command;
      const bytes =
        file === undefined ? fc.constant('') : mutated([files[file] as Uint8Array]).map((b) => b.toString('base64'));
      return bytes.map((text) => ({ ...command, bytes: text }));
    });
}

function wordsOf({ base, edits }: Command): string[] {
  const words = [...(lines()[base] as string[])];
  for (const { kind, at, word } of edits) {
    const place = at % (words.length + 1);
    if (kind === 'remove') words.splice(place, 1);
    else if (kind === 'twice') words.splice(place, 0, ...words.slice(place, place + 2));
    else words.splice(place, kind === 'replace' ? 1 : 0, word);
  }
  return words;
}

async function run(
  words: readonly string[],
  stopAfterMs: number | undefined,
): Promise<{ status: number; errors: string; output: string }> {
  let [errors, output] = ['', ''];
  const stop = new AbortController();
  const stopping = () => stop.abort(new StopRequest('SIGTERM'));
  const timer = stopAfterMs === undefined ? undefined : setTimeout(stopping, stopAfterMs);
  const screen = new Writable({
    write(piece: Buffer, _encoding, done) {
      output += piece.toString();
      done();
    },
  });
  const status = await runCommandLine(words, {
    input: () => Readable.from([]),
    output: new Output(screen),
    signal: stop.signal,
    progress: lineProgress({ write: () => undefined }),
    note: (line) => {
      errors += `${line}\n`;
    },
  });
  clearTimeout(timer);
  return { status, errors, output };
}

async function execute(command: Command): Promise<void> {
  rmSync('out', { recursive: true, force: true });
  mkdirSync('runs', { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(name, bytes);
  if (command.file !== undefined) writeFileSync(command.file, Buffer.from(command.bytes, 'base64'));
  const words = wordsOf(command);
  const { status, errors } = await run(words, STOP_AFTER_MS);
  expect(errors, words.join(' ')).not.toMatch(/\[internal\]|\[native_failed\]|\[invalid_program\]/);
  expect([0, 1, 2, 143], errors).toContain(status);
  const [, code, message = ''] = /^bptt: error \[(\w+)\]: (.*)$/m.exec(errors) ?? [];
  if (status === 1 || status === 2) expect(code, `status ${status}: ${errors}`).toBeDefined();
  if (code !== undefined) throw new BpttError(code, message); // how it ended, for the count
}

describe('the command line', () => {
  it('takes the right lines', async () => {
    for (const words of [
      ['info', '--json'],
      ['train', 'lm', '--data', 'text.txt', ...QUICK, '--steps', '8'],
    ]) {
      const { status, errors } = await run(words, undefined);
      expect([status, errors]).toEqual([0, expect.any(String)]);
    }
  });

  it('never ends in an error without a code', async () => {
    for (const command of corpusOf<Command>('commands')) await outcomeOf(() => execute(command));
    const { runs: count } = await fuzz('commands', commands(), { execute, saved: (command) => command, share: 0.1 });
    expect(count).toBeGreaterThan(0);
  });
});
