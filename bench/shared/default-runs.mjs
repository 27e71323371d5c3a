/** Trainings of `bench/defaults.mjs`: one process each, with a limit of time, and a line of results for each. */
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { arch, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { argumentsOf, numberAt } from './data-index.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** How long a process has for its last checkpoint when its time is over. */
const GRACE_MS = 30_000;
/** Signals that end the benchmark together with the training that it has started. */
const STOPS = /** @type {const} */ (['SIGINT', 'SIGTERM']);
const SECOND_MS = 1000;
const MINUTE_S = 60;
const OWN_TIMES = '/proc/self/stat';
const CHILD_TIMES = 13;
const TICKS_PER_SECOND = 100;

/** The names of the settings. */
export const SETTINGS = ['default', 'byHand'];

/** The options of a setting beyond those that a set needs; undefined where nobody has searched for better ones. */
export function optionsOf(set, setting) {
  if (setting === 'default') return [];
  return set.byHand.length > 0 ? set.byHand : undefined;
}

/** The last commit that changed what trains, with a + where files have been changed since. */
export function commitOf() {
  const git = (...words) => spawnSync('git', words, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';
  const sources = ['--', 'src', 'native', 'package-lock.json'];
  const commit = git('log', '-1', '--format=%h', ...sources);
  return commit === '' ? 'unknown' : `${commit}${git('status', '--porcelain', ...sources) === '' ? '' : '+'}`;
}

/** The results of a folder, or of the file itself, in the order in which they were written; none where there is no file. */
export function readResults(place) {
  const file = place.endsWith('.jsonl') ? place : join(place, 'results.jsonl');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line, at) => {
    try {
      return JSON.parse(line);
    } catch {
      throw new Error(`line ${at + 1} of ${file} is no JSON: remove it`);
    }
  });
}

/**
 * Whether a result makes another run needless: the same set with the same files, setting, options, seed and commit. A run that
 * was ended by its limit is repeated with a longer one.
 */
export function answers(result, { set, setting, seed, commit, limit }) {
  return (
    result.set === set.name &&
    result.setting === setting &&
    result.seed === seed &&
    result.commit === commit &&
    result.digest === set.digest &&
    JSON.stringify(result.options) === JSON.stringify(optionsOf(set, setting)) &&
    JSON.stringify(result.needed) === JSON.stringify(set.options) &&
    (result.status !== 'limit' || result.limit >= limit)
  );
}

/** Seconds that the processors have worked for the processes that this one has started and that are over; undefined where /proc is missing. */
function childSeconds() {
  if (!existsSync(OWN_TIMES)) return undefined;
  // After the name in parentheses: the state, then numbers; waited-for user and system time are the 14th and 15th of them.
  const fields = readFileSync(OWN_TIMES, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[CHILD_TIMES]) + Number(fields[CHILD_TIMES + 1])) / TICKS_PER_SECOND;
}

/** Runs a program and collects its output. When its time is over it may write its checkpoint, then it is killed. */
function finish(program, words, { limit, environment }) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const texts = { stdout: '', stderr: '' };
    let isLate = false;
    let last;
    const stop = (/** @type {NodeJS.Signals} */ signal) => {
      child.kill(signal);
      process.exit(signal === 'SIGINT' ? 130 : 143);
    };
    for (const signal of STOPS) process.once(signal, stop);
    const clock = setTimeout(
      () => {
        isLate = true;
        child.kill('SIGTERM');
        last = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      },
      limit * MINUTE_S * SECOND_MS,
    );
    for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
      child[name].setEncoding('utf8').on('data', (text) => {
        texts[name] += text;
      });
    }
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(clock);
      clearTimeout(last);
      for (const name of STOPS) process.off(name, stop);
      resolve({ ...texts, code, signal, isLate });
    });
  });
}

/** The numbers of the test part, without tables such as the confusion matrix. */
function figuresOf(metrics) {
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => !Array.isArray(value)));
}

/** What a process has reached: its figures, or why there are none. */
function outcomeOf({ stdout, stderr, code, signal, isLate }, { metric, naive }) {
  if (code === 0) {
    const { metrics, answeredBy, naive: compared, steps, epochs, best, parameters, seconds } = JSON.parse(stdout);
    const value = numberAt(metrics.test, metric.path);
    const paths = Object.entries(naive.paths ?? {})
      .map(([rule, path]) => [rule, numberAt(metrics.test, path)])
      .filter(([, figure]) => figure !== undefined);
    // The rules of the run itself, where they have the metric.
    const own = (compared?.results ?? [])
      .map(({ rule, metrics: figures = {} }) => [rule, numberAt(figures, metric.path)])
      .filter(([, figure]) => figure !== undefined);
    const reached = {
      value: value ?? null,
      naive: { ...naive.values, ...Object.fromEntries([...paths, ...own]) },
      ...(answeredBy !== undefined && { answeredBy }),
      validation: numberAt(metrics.validation, metric.path),
      ...{ steps, epochs, bestEpoch: best?.epoch, parameters, trainingSeconds: seconds },
      figures: figuresOf(metrics.test),
    };
    return value === undefined ? { status: 'no figure', ...reached } : { status: 'done', ...reached };
  }
  if (isLate) return { status: 'limit' };
  const said = stderr.trim().split('\n').at(-1) ?? '';
  return { status: code === 2 ? 'refused' : 'failed', code, signal, message: said };
}

/**
 * Trains a set with a setting and a seed, and appends the result to `results.jsonl` of a folder.
 *
 * @param job.set of the index
 * @param job.limit minutes
 * @param place folders of the data sets and of the results; `threads` where their number is given; `checkout` is the folder whose
 *   compiled package trains, default this one
 * @returns the result
 */
export async function trainOnce({ set, setting, seed, commit, limit }, { data, out, threads, keep, checkout = root }) {
  const run = join(out, 'runs', `${set.name}-${setting}-${seed}`);
  rmSync(run, { recursive: true, force: true });
  mkdirSync(join(out, 'runs'), { recursive: true });
  const options = optionsOf(set, setting) ?? [];
  const more = [...options, '--seed', String(seed), '--out', run, '--json'];
  const environment = { ...process.env, ...(threads !== undefined && { BPTT_THREADS: String(threads) }) };
  const program = join(checkout, 'dist', 'cli', 'main.js');
  const begin = performance.now();
  const processorBegin = childSeconds();
  const ended = await finish(program, argumentsOf(set, data, more), { limit, environment });
  const seconds = Number(((performance.now() - begin) / SECOND_MS).toFixed(1));
  const result = {
    ...{ set: set.name, task: set.task, setting, seed, commit },
    metric: set.metric.path,
    ...outcomeOf(ended, set),
    ...(processorBegin !== undefined && {
      processorSeconds: Number(((childSeconds() ?? 0) - processorBegin).toFixed(1)),
    }),
    ...{ seconds, limit, options, needed: set.options, digest: set.digest },
    ...{ processor: cpus()[0]?.model ?? arch(), processors: cpus().length, threads: threads ?? null },
    date: new Date().toISOString(),
  };
  appendFileSync(join(out, 'results.jsonl'), `${JSON.stringify(result)}\n`);
  if (!keep) rmSync(run, { recursive: true, force: true });
  return result;
}
