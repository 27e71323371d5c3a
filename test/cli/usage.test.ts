import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { callBptt } from './call-bptt.js';
import { runBptt } from './run-bptt.js';
import { smallText } from './small-text.js';

const ONE_LINE = /^bptt: error \[[a-z_]+\]: [^\n]+\n$/;

describe('bptt', () => {
  it('tells of itself as one JSON value', async () => {
    const { stdout, stderr, status } = await runBptt(['info', '--json']);
    expect(status).toBe(0);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ version: expect.any(String), isa: expect.any(String), threads: 1 });
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  it('tells of itself in lines', async () => {
    const { stdout, status } = await callBptt(['info']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^version +\d/);
    expect(stdout).toMatch(/^isa +\w/m);
  });

  it.each([['--help'], ['help'], ['train', '--help'], ['train', 'lm', '--help']])(
    '%s %s explains and succeeds',
    async (...args) => {
      const { stdout, status } = await callBptt(args);
      expect(status).toBe(0);
      expect(stdout).toMatch(/^Usage: bptt/);
    },
  );

  it('lists every option of training in its help', async () => {
    const { stdout } = await callBptt(['train', 'lm', '--help']);
    const names = [...stdout.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name]) => name);
    expect(names).toEqual(
      (
        'data out valid test cell units layers dropout recurrent epochs minutes patience optimizer learning-rate weight-decay ' +
        'schedule init clip-norm seed precision threads checkpoint-every naive auto folds resume level normalization vocabulary min-count written-marks embedding input-dropout tied no-tied batch steps ' +
        'config json'
      ).split(' '),
    );
  });

  it.each<[string, string[], RegExp]>([
    ['an unknown command', ['trian'], /unknown command 'trian'.*Did you mean train/],
    ['an unknown task', ['train', 'ml'], /unknown command 'ml'/],
    ['an unknown option', ['train', 'lm', '--unit', '3'], /unknown option '--unit'.*Did you mean .*--units/],
    ['an option without its value', ['train', 'lm', '--units'], /--units <n>.*argument missing/],
    ['a number that is none', ['train', 'lm', '--units', '12x'], /'12x' is invalid/],
    [
      'no JSON',
      ['train', 'lm', '--recurrent', '{zoneout: 1}'],
      /--recurrent <json>.*'{zoneout: 1}' is invalid.*not JSON/,
    ],
    ['JSON with a key twice', ['train', 'lm', '--recurrent', '{"zoneout": 0, "zoneout": 0}'], /"zoneout" occurs twice/],
    ['JSON that is no object', ['train', 'lm', '--recurrent', '[0.1]'], /'\[0\.1\]' is invalid.*not a JSON object/],
    ['a missing argument', ['sample'], /missing required argument 'run'/],
    ['an argument too many', ['info', 'now'], /too many arguments/],
  ])('%s is bad use: status 2, one line, nothing on standard output', async (_name, args, message) => {
    const { stdout, stderr, status } = await callBptt(args);
    expect(status).toBe(2);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(/^bptt: error \[bad_use\]/);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
  });

  it('without a command shows the help and is bad use', async () => {
    const { stderr, status } = await runBptt([]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^Usage: bptt/);
  });

  it('refuses an instruction set that does not exist', async () => {
    const { stderr, status } = await runBptt(['info'], { BPTT_ISA: 'avx1024' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^bptt: error \[isa_unsupported\]: .*avx1024/);
  });
});

describe('bptt train lm', () => {
  function textFile(text: string | Uint8Array = smallText(40)): string {
    const path = join(temporaryDirectory(), 'text.txt');
    writeFileSync(path, text);
    return path;
  }

  it.each<[string, string[], string, RegExp]>([
    ['no data', ['--out', 'OUT'], 'invalid_option', /'data' is missing/],
    ['no run', ['--data', 'DATA'], 'invalid_option', /'out' is missing/],
    ['units below one', ['--data', 'DATA', '--out', 'OUT', '--units', '0'], 'invalid_option', /'units'.*0/],
    [
      'an unknown cell',
      ['--data', 'DATA', '--out', 'OUT', '--cell', 'qrnn'],
      'invalid_option',
      /"rnn", "lstm", "gru", got "qrnn"/,
    ],
    ['an unknown optimizer', ['--data', 'DATA', '--out', 'OUT', '--optimizer', 'adan'], 'invalid_option', /adan/],
    ['dropout of one', ['--data', 'DATA', '--out', 'OUT', '--dropout', '1'], 'invalid_option', /'dropout'.*1/],
    [
      'a negative rate',
      ['--data', 'DATA', '--out', 'OUT', '--learning-rate', '-1'],
      'invalid_option',
      /'learningRate'/,
    ],
    [
      'a wrong schedule',
      ['--data', 'DATA', '--out', 'OUT', '--schedule', 'cos'],
      'invalid_option',
      /names are .*cosine/,
    ],
    ['wrong initial values', ['--data', 'DATA', '--out', 'OUT', '--init', 'zeros'], 'invalid_option', /zeros/],
    [
      'a width of its own for the recurrent layers',
      ['--data', 'DATA', '--out', 'OUT', '--recurrent', '{"units": 3}'],
      'invalid_option',
      /'recurrent' has 'units' 3: option 'units'/,
    ],
    [
      'a misspelt option of the recurrent layers',
      ['--data', 'DATA', '--out', 'OUT', '--recurrent', '{"zonout": 0.1}'],
      'unknown_option',
      /lstm has no option 'zonout'.*zoneout/,
    ],
    [
      'a negative decay of the weights',
      ['--data', 'DATA', '--out', 'OUT', '--weight-decay', '-1'],
      'invalid_option',
      /'weightDecay'.*-1/,
    ],
    ['a file that is not there', ['--data', 'nowhere', '--out', 'OUT'], 'file_unreadable', /'nowhere'/],
    ['a text that is too short', ['--data', 'DATA', '--out', 'OUT', '--batch', '5000'], 'too_short', /10000/],
    [
      'plateau without validation',
      ['--data', 'DATA', '--out', 'OUT', '--valid', '0', '--schedule', 'plateau'],
      'invalid_option',
      /schedule/,
    ],
  ])('%s is status 2, one line, and no run directory', async (_name, args, code, message) => {
    const out = join(temporaryDirectory(), 'run');
    const data = textFile();
    const result = await callBptt([
      'train',
      'lm',
      '--json',
      ...args.map((arg) => ({ DATA: data, OUT: out })[arg] ?? arg),
    ]);
    expect(result.status).toBe(2);
    expect(result.stderr).toMatch(new RegExp(`^bptt: error \\[${code}\\]: `));
    expect(result.stderr).toMatch(ONE_LINE);
    expect(result.stderr).toMatch(message);
    expect(result.stdout).toBe('');
    expect((await callBptt(['sample', out])).stderr).toMatch(/\[invalid_configuration\]/);
  });

  it('an empty file and one that is not UTF-8 are status 2', async () => {
    const out = join(temporaryDirectory(), 'run');
    const empty = await runBptt(['train', 'lm', '--data', textFile(''), '--out', out]);
    expect([empty.status, empty.stderr]).toEqual([2, expect.stringContaining('[empty_data]')]);
    const binary = await runBptt(['train', 'lm', '--data', textFile(Uint8Array.of(65, 255, 66)), '--out', out]);
    expect([binary.status, binary.stderr]).toEqual([2, expect.stringMatching(/\[not_utf8\].*offset 1/)]);
  });

  it.each<[string, string, string, RegExp]>([
    [
      'an unknown key',
      '{"unit": 3}',
      'unknown_option',
      /unknown option 'unit'; known options: data, out, .*learning-rate/,
    ],
    ['one option under two names', '{"clip-norm": 3, "clipNorm": 3}', 'invalid_option', /'clip-norm' twice/],
    ['a number as text', '{"units": "3"}', 'invalid_option', /'units'.*got "3"/],
    ['an object as text', '{"recurrent": "{}"}', 'invalid_option', /'recurrent' must be an object.*got "{}"/],
    ['no object', '[1]', 'invalid_configuration', /must be an object/],
    ['no JSON', '{units: 3}', 'invalid_configuration', /not a JSON object/],
    ['a key that occurs twice', '{"units": 3, "units": 4}', 'invalid_configuration', /twice/],
    ['a further file', '{"config": "x.json"}', 'unknown_option', /'config'/],
  ])('a configuration with %s is status 2', async (_name, text, code, message) => {
    const directory = temporaryDirectory();
    const config = join(directory, 'config.json');
    writeFileSync(config, text);
    const args = ['--config', config, '--data', textFile(), '--out', join(directory, 'run')];
    const { status, stderr } = await callBptt(['train', 'lm', ...args]);
    expect(status).toBe(2);
    expect(stderr).toMatch(new RegExp(`^bptt: error \\[${code}\\]: `));
    expect(stderr).toMatch(message);
  });
});
