/**
 * Everything: layers, stream and end-to-end with the given options, then ragged, memory, event-loop and serve. Tables come as they
 * are measured; `--json FILE` writes the JSON of all of them, by name.
 *
 *   npm run bench -- [options of layers] [--json FILE]
 *
 * A problem that only one benchmark has (`--problem charlm-model`) leaves the others out.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isStream, LAYER_PROBLEMS, MODEL_PROBLEMS } from './shared/problems.mjs';

const names = ['problem', 'cell', 'mode', 'threads', 'peer', 'rounds', 'json'];
const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) });
const { problem, json, ...others } = values;
const options = Object.entries(others).flatMap(([name, value]) => [`--${name}`, value]);
const toError = json === '-' ? 2 : 'inherit';
const folder = mkdtempSync(path.join(tmpdir(), 'bptt-bench-'));
const results = {};

/** Runs a script; its status becomes ours when it is not 0. */
function run(name, options, stdout) {
  const script = fileURLToPath(new URL(`${name}.mjs`, import.meta.url));
  /** @type {import('node:child_process').SpawnSyncOptionsWithStringEncoding} */
  const settings = { stdio: ['ignore', stdout, 'inherit'], encoding: 'utf8' };
  const result = spawnSync(process.execPath, [script, ...options], settings);
  if (result.status !== 0) process.exitCode = result.status ?? 1;
  return result;
}

/** A benchmark of named problems, as far as it has those that were asked for. */
function runProblems(name, all) {
  const asked =
    problem === undefined || problem === 'all' ? all : problem.split(',').filter((one) => all.includes(one));
  if (asked.length === 0) return;
  const file = path.join(folder, `${name}.json`);
  run(name, [...options, '--problem', asked.join(','), '--json', file], toError);
  process.stderr.write('\n');
  if (existsSync(file)) results[name] = JSON.parse(readFileSync(file, 'utf8'));
}

/** A benchmark that prints JSON. */
function runPlain(name, options = []) {
  process.stderr.write(`${name}\n`);
  const { status, stdout } = run(name, options, 'pipe');
  (json === '-' ? process.stderr : process.stdout).write(`${stdout}\n`);
  if (status === 0) results[name] = JSON.parse(stdout);
}

const known = [...LAYER_PROBLEMS.keys(), ...MODEL_PROBLEMS.keys(), 'all'];
const unknown = (problem ?? 'all').split(',').find((name) => !known.includes(name));
if (unknown !== undefined) {
  console.error(`bench: --problem ${unknown} is unknown, expected ${known.join(', ')}`);
  process.exit(2);
}
try {
  runProblems('layers', [...LAYER_PROBLEMS.keys()]);
  const streams = [...LAYER_PROBLEMS.values()].filter(isStream).map(({ name }) => name);
  runProblems('stream', streams);
  runProblems('end-to-end', [...MODEL_PROBLEMS.keys()]);
  if (problem === undefined || problem === 'all') {
    runPlain('ragged', values.rounds === undefined ? [] : ['--rounds', values.rounds]);
    for (const name of ['memory', 'event-loop', 'serve']) runPlain(name);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const text = `${JSON.stringify(results, null, 2)}\n`;
if (json === '-') process.stdout.write(text);
else if (json !== undefined) writeFileSync(json, text);
