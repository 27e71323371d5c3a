/** Options that the benchmarks share. */
import { parseArgs } from 'node:util';
import { info } from '../../dist/index.js';
import { DEFAULT_PEERS, PEERS } from './peer-process.mjs';
import { CELLS } from './problems.mjs';

const MODES = ['inference', 'training'];
const STRING = /** @type {const} */ ('string');

/**
 * Says what is wrong and ends the process.
 *
 * @returns {never}
 */
function refuse(message) {
  console.error(`bench: ${message}`);
  process.exit(2);
}

/** The names of a list `a,b`, each of which must be known; `all` are all of them, `none` is none. */
function listOf(option, text, known) {
  if (text === 'all') return known;
  if (text === 'none') return [];
  const names = text.split(',');
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) refuse(`--${option} ${wrong} is unknown, expected ${[...known, 'all'].join(', ')}`);
  return names;
}

/** Numbers of threads: `1`, `1,2`; `all` are as many as the library takes when nobody says. */
function threadCounts(text) {
  const counts = text.split(',').map((count) => (count === 'all' ? info().threads : Number(count)));
  if (counts.some((count) => !Number.isInteger(count) || count < 1)) {
    refuse(`--threads ${text}, expected whole numbers >= 1, or all`);
  }
  return [...new Set(counts)];
}

/**
 * The command line: `--problem`, `--cell`, `--mode`, `--threads`, `--peer`, `--rounds`, `--json`.
 *
 * @param problems names of the problems that the benchmark has
 * @param peers those that are asked when nobody says
 */
export function benchOptions(problems, peers = DEFAULT_PEERS) {
  const text = (value) => ({ type: STRING, default: value });
  const options = {
    problem: text('all'),
    cell: text('all'),
    mode: text('all'),
    threads: text('1'),
    peer: text(peers.join(',')),
    rounds: text('7'),
    json: { type: STRING },
  };
  let values;
  try {
    values = parseArgs({ options }).values;
  } catch (error) {
    refuse(error.message);
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) refuse(`--rounds ${values.rounds}, expected a whole number >= 1`);
  return {
    problems: listOf('problem', values.problem, problems),
    cells: listOf('cell', values.cell, CELLS),
    modes: listOf('mode', values.mode, MODES),
    threads: threadCounts(values.threads),
    peers: listOf('peer', values.peer, PEERS),
    rounds,
    json: values.json,
  };
}
