/**
 * Recurrent layers alone: forward, or forward and backward with the gradients of inputs, weights and biases.
 *
 *   npm run bench -- layers [--problem NAME,...] [--cell rnn,gru,lstm] [--mode inference|training] [--threads 1,2|all]
 *        [--peer pytorch,onnxruntime,tfjs,brain|none|all] [--rounds 7] [--json FILE]
 */
import { checkAgreement } from './shared/agreement.mjs';
import { writeData } from './shared/case-data.mjs';
import { measureCase } from './shared/measure.mjs';
import { benchOptions } from './shared/options.mjs';
import { LAYER_PROBLEMS, lengthsOf, operationsOf } from './shared/problems.mjs';
import { percent, Report, shareOf, timesFaster } from './shared/report.mjs';
import { rounded } from './shared/statistics.mjs';

const options = benchOptions([...LAYER_PROBLEMS.keys()]);
const { peers } = options;
const report = new Report('layers', options, [
  ['problem', 14, 'left'],
  ['cell', 4, 'left'],
  ['mode', 9, 'left'],
  ['threads', 7],
  ['ms', 8],
  ['lowest', 8],
  ['highest', 8],
  ['GFLOP/s', 7],
  ['of peak', 7],
  ...peers.flatMap((peer) => [
    [`${peer} ms`, 14],
    ['ratio', 6],
  ]),
]);

async function measure(problem, mode, threads) {
  const { folder, remove } = writeData(problem);
  const request = { task: 'layer', problem, mode, threads, folder, lengths: lengthsOf(problem) };
  let ours;
  const agreement = {};
  try {
    const measured = await measureCase({
      sides: ['bptt', ...peers].map((peer) => ({ name: peer, peer, request })),
      rounds: options.rounds,
      async check(name, _, ask) {
        const { tensors } = await ask({ op: 'sample' });
        ours ??= tensors;
        if (name !== 'bptt') agreement[name] = rounded(checkAgreement(name, problem, mode, ours, tensors));
      },
    });
    return { ...measured, agreement };
  } finally {
    remove();
  }
}

for (const name of options.problems) {
  for (const mode of options.modes) {
    for (const cell of options.cells) {
      for (const threads of options.threads) {
        const problem = { ...LAYER_PROBLEMS.get(name), cell };
        const { load, peakGigaflops, sides, agreement } = await measure(problem, mode, threads);
        const { medianMs, lowestMs, highestMs } = sides.bptt;
        const gigaflops = rounded(operationsOf(problem, mode) / medianMs / 1e6);
        const ratios = Object.fromEntries(peers.map((peer) => [peer, timesFaster(sides, peer)]));
        const shareOfPeak = shareOf(gigaflops, peakGigaflops);
        report.add(
          {
            problem,
            mode,
            threads,
            gigaflops,
            peakGigaflops,
            shareOfPeak,
            timesFaster: ratios,
            agreement,
            load,
            sides,
          },
          [
            name,
            cell,
            mode,
            threads.toFixed(0),
            medianMs,
            lowestMs,
            highestMs,
            gigaflops,
            percent(shareOfPeak),
            ...peers.flatMap((peer) => [sides[peer].medianMs, ratios[peer]]),
          ],
        );
      }
    }
  }
}
report.finish();
