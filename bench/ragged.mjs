/**
 * The cost of different lengths: the time per valid step of a batch with lengths uniform in [T/4, T], compared with
 * that of a batch whose sequences all have T steps, here and in PyTorch (packed and padded), in turns. Recurrent layers
 * alone: inference, or forward and backward with the gradients of input and weights. Prints JSON, and lines on standard
 * error.
 *
 *   node bench/ragged.mjs [--problem charlm|speech|all] [--cell lstm|gru|rnn|all] [--directions 1|2|all]
 *        [--mode training|inference|all] [--threads 1] [--rounds 7]
 *
 * BPTT_PYTHON names a Python that has torch; without it only this library is measured, and the result says so.
 */
import { parseArgs } from 'node:util';
import { info } from '../dist/index.js';
import { writeData } from './shared/case-data.mjs';
import { measureCase } from './shared/measure.mjs';
import { CELLS, LAYER_PROBLEMS, lengthsOf, validStepsOf } from './shared/problems.mjs';

const { values } = parseArgs({
  options: {
    problem: { type: 'string', default: 'all' },
    cell: { type: 'string', default: 'all' },
    directions: { type: 'string', default: 'all' },
    mode: { type: 'string', default: 'training' },
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '7' },
  },
});
const chosen = (option, all) => (values[option] === 'all' ? all : [values[option]]);
const threads = Number(values.threads);

/** Both batches on both sides. */
async function measure(full, mode) {
  const kinds = Object.entries({ full, ragged: { ...full, ragged: true } }).map(([kind, problem]) => {
    const data = writeData(problem);
    const { folder } = data;
    return {
      kind,
      problem,
      data,
      request: { task: 'layer', problem, mode, threads, folder, lengths: lengthsOf(problem) },
    };
  });
  const sides = ['bptt', 'pytorch'].flatMap((peer) =>
    kinds.map(({ kind, request }) => ({ name: `${peer} ${kind}`, peer, request })),
  );
  try {
    const measured = await measureCase({ sides, rounds: Number(values.rounds) });
    /** Time of a valid step of the ragged batch over that of the full one. */
    const raggedOverFull = (peer) => {
      const [whole, ragged] = kinds.map(({ kind, problem }) => {
        return measured.sides[`${peer} ${kind}`].medianMs / validStepsOf(problem);
      });
      return Number((ragged / whole).toFixed(3));
    };
    return { ...measured, raggedOverFull };
  } finally {
    for (const { data } of kinds) data.remove();
  }
}

const cases = [];
for (const name of chosen('problem', ['charlm', 'speech'])) {
  for (const cell of chosen('cell', CELLS)) {
    for (const directions of chosen('directions', ['1', '2'])) {
      for (const mode of chosen('mode', ['training', 'inference'])) {
        const problem = { ...LAYER_PROBLEMS.get(name), cell, bidirectional: directions === '2' };
        const { load, sides, raggedOverFull } = await measure(problem, mode);
        const result = { problem: name, cell, directions: Number(directions), mode, threads, load, ...sides };
        result.raggedOverFull = { bptt: raggedOverFull('bptt') };
        let theirs = '';
        if (sides['pytorch full'].missing === undefined && sides['pytorch ragged'].missing === undefined) {
          result.raggedOverFull.pytorch = raggedOverFull('pytorch');
          result.timesFasterThanPacked = Number(
            (sides['pytorch ragged'].medianMs / sides['bptt ragged'].medianMs).toFixed(2),
          );
          theirs = `, PyTorch ${result.raggedOverFull.pytorch}; ${result.timesFasterThanPacked} times as fast as PyTorch packed`;
        }
        cases.push(result);
        const title = `${name} ${cell} x${directions} ${mode}`.padEnd(30);
        process.stderr.write(`${title} ragged over full ${result.raggedOverFull.bptt}${theirs}\n`);
      }
    }
  }
}
console.log(JSON.stringify({ isa: info().isa, cases }, null, 2));
