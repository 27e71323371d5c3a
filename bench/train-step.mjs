/**
 * A training step of the 2x512 character model, or of one of another size, here and in PyTorch, in turns. Prints medians,
 * spread and the ratio as JSON.
 *
 *   node bench/train-step.mjs [--cell lstm|gru|rnn] [--threads 1] [--units 512] [--layers 2] [--embedding 128]
 *        [--vocabulary 65] [--batch 64] [--steps 100] [--rounds 7]
 *
 * BPTT_PYTHON names a Python that has torch; without it only this library is measured, and the result says so.
 */
import { parseArgs } from 'node:util';
import { measureModel } from './shared/measure-model.mjs';
import { MODEL_PROBLEMS, modelOperations } from './shared/problems.mjs';
import { timesFaster } from './shared/report.mjs';
import { rounded } from './shared/statistics.mjs';

const named = MODEL_PROBLEMS.get('charlm-model');
const SIZES = ['units', 'layers', 'embedding', 'vocabulary', 'batch', 'steps'];
const { values } = parseArgs({
  options: {
    cell: { type: 'string', default: 'lstm' },
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '7' },
    ...Object.fromEntries(SIZES.map((name) => [name, { type: 'string', default: String(named[name]) }])),
  },
});
const sizes = Object.fromEntries(SIZES.map((name) => [name, Number(values[name])]));
const problem = { ...named, ...sizes, cell: values.cell };
const threads = Number(values.threads);
const { load, sides } = await measureModel({ problem, threads, peers: ['pytorch'], rounds: Number(values.rounds) });
const result = {
  problem,
  threads,
  gigaflops: rounded(modelOperations(problem) / sides.bptt.medianMs / 1e6),
  timesFaster: timesFaster(sides, 'pytorch'),
  load,
  ...sides,
};
console.log(JSON.stringify(result, null, 2));
