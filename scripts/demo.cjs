'use strict';
/*
 * `npm run demo`: makes the clone ready, trains a character LSTM for about two minutes on text that is always there (this
 * project's own sources and documents), shows how the validation loss falls, and writes some text with the model.
 */
const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { setUp } = require('./setup.cjs');

const trainingSeconds = 100;
const minEpochs = 4;
const network = [
  '--cell',
  'lstm',
  '--embedding',
  '64',
  '--units',
  '256',
  '--layers',
  '1',
  '--batch',
  '32',
  '--steps',
  '64',
];

const root = path.join(__dirname, '..');
const folder = path.join(root, 'build', 'demo');
const program = path.join(root, 'dist', 'cli', 'main.js');
const inFolder = (name) => path.join(folder, name);

/** Runs the command line; progress goes to the terminal, standard output comes back. */
function bptt(options, { quiet = false, show = false } = {}) {
  /** @type {import('node:child_process').StdioOptions} */
  const stdio = ['ignore', show ? 'inherit' : 'pipe', quiet ? 'pipe' : 'inherit'];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [program, ...options], {
    cwd: root,
    encoding: 'utf8',
    stdio,
  });
  if (status !== 0) {
    console.error(`bptt ${options.join(' ')} ended with ${status ?? signal}${quiet ? `:\n${stderr}` : ''}`);
    process.exit(status ?? 1);
  }
  return stdout;
}

/** All sources and documents, in an order that mixes them, so that the held-out end is like the rest. */
function gatherText() {
  const files = fs.readdirSync(root).filter((name) => name.endsWith('.md'));
  for (const [place, ending] of Object.entries({
    src: /\.ts$/,
    test: /\.ts$/,
    scripts: /\.cjs$/,
    native: /\.(cc|h)$/,
  })) {
    for (const entry of fs.readdirSync(path.join(root, place), { recursive: true, encoding: 'utf8' })) {
      if (ending.test(entry) && !entry.includes('third_party')) files.push(path.join(place, entry));
    }
  }
  const key = (file) => crypto.createHash('sha256').update(file.split(path.sep).join('/')).digest('hex');
  const sorted = files.map((file) => ({ file, key: key(file) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  return sorted.map(({ file }) => fs.readFileSync(path.join(root, file), 'utf8')).join('\n');
}

/** Characters per second of this machine, from a short run with the same network. */
function measureSpeed(text) {
  fs.writeFileSync(inFolder('pilot.txt'), text.slice(0, 120_000));
  const options = [
    'train',
    'lm',
    '--data',
    inFolder('pilot.txt'),
    '--out',
    inFolder('pilot'),
    '--epochs',
    '1',
    '--valid',
    '0',
    '--json',
  ];
  return JSON.parse(bptt([...options, ...network], { quiet: true })).tokensPerSecond;
}

function validationLosses() {
  const lines = fs.readFileSync(inFolder('run/metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'validation');
}

setUp();
fs.rmSync(folder, { recursive: true, force: true });
fs.mkdirSync(folder, { recursive: true });

const everything = gatherText();
console.log(
  `\nThe text: ${(everything.length / 1000).toFixed(0)} thousand characters of this project's own sources and documents.`,
);
const speed = measureSpeed(everything);
const text = everything.slice(0, Math.max(100_000, Math.floor((speed * trainingSeconds) / minEpochs)));
const epochs = Math.max(minEpochs, Math.round((speed * trainingSeconds) / text.length));
fs.writeFileSync(inFolder('text.txt'), text);
console.log(
  `This machine trains ${Math.round(speed)} characters a second: ${epochs} passes take about ${Math.round((epochs * text.length) / speed)} s.\n`,
);

const schedule = ['--learning-rate', '0.004', '--schedule', 'cosine:minimum=4e-4'];
const place = ['--data', inFolder('text.txt'), '--out', inFolder('run'), '--epochs', String(epochs), '--seed', '1'];
bptt(['train', 'lm', ...place, ...network, ...schedule], { show: true });

const losses = validationLosses();
const symbols = new Set(text).size;
console.log(
  `\nValidation loss, nats per character (blind guessing among ${symbols} symbols: ${Math.log(symbols).toFixed(3)}):`,
);
const highest = Math.max(...losses.map(({ loss }) => loss));
for (const { step, loss } of losses) {
  console.log(
    `  step ${String(step).padStart(6)}  ${loss.toFixed(3)}  ${'#'.repeat(Math.round((50 * loss) / highest))}`,
  );
}

console.log('\nText written by the model:\n');
bptt(
  ['sample', inFolder('run'), '--prompt', 'export function ', '--length', '500', '--temperature', '0.6', '--seed', '1'],
  { show: true },
);
console.log();
if (!(losses.at(-1)?.loss < losses[0]?.loss)) {
  console.error('The validation loss did not fall.');
  process.exit(1);
}
