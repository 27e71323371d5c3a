/**
 * How good the defaults of `bptt train TASK --data FILE` are, over many data sets, beside naive rules and the best options
 * found by hand. It can be stopped at any time and goes on where it was.
 *
 *   npm run bench -- defaults [--sets a,b] [--seeds 1,2,3] [--settings default,byHand] [--limit 15] [--threads N]
 *        [--data build/data-sets] [--out build/defaults] [--retry] [--keep]
 *        [--checkout FOLDER --commit NAME]
 *   npm run bench -- defaults --list | --table [--compare COMMIT|FOLDER [--changes]]
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { argumentsOf, readDataSets } from './shared/data-index.mjs';
import { answers, commitOf, optionsOf, readResults, SETTINGS, trainOnce } from './shared/default-runs.mjs';
import { comparisonTable, defaultsTable } from './shared/defaults-table.mjs';

const build = fileURLToPath(new URL('../build', import.meta.url));
const STRING = /** @type {const} */ ('string');
const FLAG = /** @type {const} */ ('boolean');
const OPTIONS = {
  sets: { type: STRING },
  tasks: { type: STRING },
  seeds: { type: STRING, default: '1,2,3' },
  settings: { type: STRING, default: SETTINGS.join(',') },
  limit: { type: STRING, default: '15' },
  threads: { type: STRING },
  data: { type: STRING, default: join(build, 'data-sets') },
  out: { type: STRING, default: join(build, 'defaults') },
  commit: { type: STRING },
  checkout: { type: STRING },
  compare: { type: STRING },
  list: { type: FLAG },
  table: { type: FLAG },
  changes: { type: FLAG },
  retry: { type: FLAG },
  keep: { type: FLAG },
};

/** The names of a list `a,b`, each of which must be known. */
function listOf(option, text, known) {
  if (text === undefined) return known;
  const names = text.split(',');
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) throw new Error(`--${option} ${wrong} is unknown, expected some of ${known.join(', ')}`);
  return names;
}

function numberOf(option, text, { min, isWhole }) {
  const value = Number(text);
  if (value >= min && (!isWhole || Number.isInteger(value))) return value;
  throw new Error(`--${option} ${text}, expected a ${isWhole ? 'whole ' : ''}number from ${min}`);
}

/**
 * What a person sees of a result.
 *
 * @param {any} result
 */
function describe({ status, value, naive, seconds, message }) {
  if (status !== 'done') return `${status}${message === undefined ? '' : `: ${message}`} (${seconds} s)`;
  const rules = Object.entries(naive).map(([rule, figure]) => `${rule} ${figure?.toPrecision(4)}`);
  return `${value.toPrecision(4)} (${[...rules, `${seconds} s`].join('; ')})`;
}

function list(sets, data) {
  for (const set of sets) {
    const sizes = Object.entries(set.sizes).map(([part, size]) => `${size} ${part}`);
    console.log(`${set.name}: ${set.about}; ${sizes.join(' + ')}`);
    console.log(`    bptt ${argumentsOf(set, data).join(' ')}`);
    if (set.byHand.length > 0) console.log(`    by hand: ${set.byHand.join(' ')}`);
  }
}

/** The two sides of a comparison: results of another folder, or those of another commit in the same file. */
function sidesOf(results, compare, commit) {
  const others = readResults(compare);
  if (others.length > 0) return { before: others, after: results };
  const before = results.filter((result) => result.commit === compare);
  if (before.length === 0)
    throw new Error(`--compare ${compare} is neither a folder with results nor a commit of them`);
  return { before, after: results.filter((result) => result.commit === commit) };
}

async function trainAll(jobs, place, isRetried) {
  mkdirSync(place.out, { recursive: true });
  for (const [at, job] of jobs.entries()) {
    const { set, setting, seed } = job;
    const title = `${at + 1}/${jobs.length} ${set.name} ${setting} seed ${seed}`;
    const there = readResults(place.out).findLast((result) => answers(result, job));
    if (there !== undefined && !(isRetried && there.status !== 'done')) {
      console.log(`${title}: is there: ${describe(there)}`);
      continue;
    }
    console.log(`${title}: ${describe(await trainOnce(job, place))}`);
  }
}

async function main() {
  const { values: given } = parseArgs({ options: OPTIONS });
  const { data, out, threads } = given;
  const all = readDataSets(data);
  const tasks = listOf('tasks', given.tasks, [...new Set(all.map(({ task }) => task))]);
  const names = listOf(
    'sets',
    given.sets,
    all.map(({ name }) => name),
  );
  const sets = all.filter(({ name, task }) => names.includes(name) && tasks.includes(task));
  const settings = listOf('settings', given.settings, SETTINGS);
  const seeds = String(given.seeds)
    .split(',')
    .map((seed) => numberOf('seeds', seed, { min: 0, isWhole: true }));
  const limit = numberOf('limit', given.limit, { min: 0.01, isWhole: false });
  const count = threads === undefined ? undefined : numberOf('threads', threads, { min: 1, isWhole: true });
  const commit = given.commit ?? commitOf();
  if (given.list) return list(sets, data);
  if (given.table) {
    const results = readResults(out);
    if (given.compare === undefined) {
      const newest = given.commit ?? results.at(-1)?.commit;
      console.log(
        defaultsTable(
          sets,
          results.filter((result) => result.commit === newest),
        ),
      );
      return undefined;
    }
    const { before, after } = sidesOf(results, given.compare, given.commit ?? results.at(-1)?.commit);
    console.log(given.changes ? comparisonTable(sets, before, after, settings) : defaultsTable(sets, after, before));
    return undefined;
  }
  // Seed by seed, so that a table of all sets is there early.
  const jobs = seeds.flatMap((seed) =>
    sets.flatMap((set) =>
      settings
        .filter((setting) => optionsOf(set, setting) !== undefined)
        .map((setting) => ({ set, setting, seed, commit, limit })),
    ),
  );
  return trainAll(
    jobs,
    { data, out, threads: count, keep: given.keep === true, checkout: given.checkout },
    given.retry === true,
  );
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exit(2);
}
