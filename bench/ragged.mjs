/**
 * What different lengths cost: the time per valid step of a batch with lengths uniform in [T/4, T] against that of the
 * batch whose sequences all have T steps, here and in PyTorch (packed against padded), interleaved. Recurrent layers alone:
 * inference, or forward and backward with the gradients of input and weights. Prints JSON, and a table on standard error.
 *
 *   node bench/ragged.mjs [--problem charlm|speech|all] [--cell lstm|gru|rnn|all] [--directions 1|2|all]
 *        [--mode training|inference|all] [--threads 1] [--rounds 7]
 *
 * BPTT_PYTHON names a Python that has torch; without it only this library is measured, and the result says so.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { info } from '../dist/index.js';
import { startPytorch } from './shared/pytorch-process.mjs';
import { batchSizesOf, recurrentLayer } from './shared/recurrent-layer.mjs';
import { statistics } from './shared/statistics.mjs';

const PROBLEMS = { charlm: { T: 100, B: 64, I: 128, H: 512 }, speech: { T: 400, B: 16, I: 40, H: 256 } };
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
const rounds = Number(values.rounds);

/** B lengths uniform in [T/4, T], sorted, the longest T, as evenly as they can be: no luck of a seed in the result. */
function raggedLengths(T, B) {
  return Array.from({ length: B }, (_, b) => Math.round(T - ((T * 3) / 4) * (b / (B - 1))));
}

const pytorch = startPytorch();
const cases = [];
for (const problem of chosen('problem', Object.keys(PROBLEMS))) {
  const { T, B, I, H } = PROBLEMS[problem];
  const lengths = { full: new Array(B).fill(T), ragged: raggedLengths(T, B) };
  const steps = Object.fromEntries(Object.entries(lengths).map(([name, all]) => [name, all.reduce((a, b) => a + b)]));
  for (const cell of chosen('cell', ['lstm', 'gru', 'rnn'])) {
    for (const directions of chosen('directions', ['1', '2'])) {
      for (const mode of chosen('mode', ['training', 'inference'])) {
        const bidirectional = directions === '2';
        const training = mode === 'training';
        const shape = { cell, inputs: I, units: H, bidirectional, threads, training };
        const kernel = { op: 'kernel', cell, T, B, I, H, L: 1, bidirectional, threads, repeat: 1 };
        const runs = { full: [], ragged: [], padded: [], packed: [] };
        const ours = Object.fromEntries(
          Object.entries(lengths).map(([name, all]) => [
            name,
            recurrentLayer({ ...shape, batchSizes: batchSizesOf(all) }),
          ]),
        );
        const ask = async (more) => {
          const request = { ...kernel, mode: training ? 'forwardBackward' : 'forward', ...more };
          return (await pytorch.ask(request)).ms;
        };
        ours.full();
        ours.ragged();
        for (let round = 0; round < rounds; round++) {
          runs.full.push(ours.full());
          runs.ragged.push(ours.ragged());
          if (pytorch === undefined) continue;
          runs.padded.push(...(await ask({})));
          runs.packed.push(...(await ask({ lengths: lengths.ragged })));
        }
        const perStep = (name, count) => (statistics(runs[name]).medianMs * 1000) / count;
        const own = { full: perStep('full', steps.full), ragged: perStep('ragged', steps.ragged) };
        const result = {
          problem,
          cell,
          directions: Number(directions),
          mode,
          threads,
          bptt: {
            full: statistics(runs.full),
            ragged: statistics(runs.ragged),
            raggedOverFull: Number((own.ragged / own.full).toFixed(3)),
          },
          pytorch: 'not measured: set BPTT_PYTHON to a Python that has torch',
        };
        if (pytorch !== undefined) {
          const their = { padded: perStep('padded', steps.full), packed: perStep('packed', steps.ragged) };
          result.pytorch = {
            padded: statistics(runs.padded),
            packed: statistics(runs.packed),
            packedOverPadded: Number((their.packed / their.padded).toFixed(3)),
          };
          result.timesFasterThanPacked = Number((their.packed / own.ragged).toFixed(2));
        }
        cases.push(result);
        const name = `${problem} ${cell} x${directions} ${mode}`.padEnd(30);
        const theirs = pytorch === undefined ? '' : `, PyTorch ${result.pytorch.packedOverPadded}`;
        const faster = pytorch === undefined ? '' : `; ${result.timesFasterThanPacked} times as fast as PyTorch packed`;
        process.stderr.write(`${name} ragged over full ${result.bptt.raggedOverFull}${theirs}${faster}\n`);
      }
    }
  }
}
pytorch?.close();
console.log(JSON.stringify({ isa: info().isa, load: loadavg()[0], cases }, null, 2));
