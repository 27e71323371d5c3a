/**
 * Whole training steps of whole models on random symbols: forward, loss, backward, clipping, update, state carried. Tokens
 * a second.
 *
 *   npm run bench -- end-to-end [--problem ptb-small-model,charlm-model] [--cell rnn,gru,lstm] [--threads 1,2|all]
 *        [--peer pytorch,brain|none|all] [--rounds 7] [--json FILE]
 */
import { measureModel } from './shared/measure-model.mjs';
import { benchOptions } from './shared/options.mjs';
import { MODEL_PROBLEMS, modelOperations } from './shared/problems.mjs';
import { percent, Report, shareOf } from './shared/report.mjs';
import { rounded } from './shared/statistics.mjs';

const options = benchOptions([...MODEL_PROBLEMS.keys()], ['pytorch']);
const { peers } = options;
const report = new Report('end-to-end', options, [
  ['problem', 15, 'left'],
  ['cell', 4, 'left'],
  ['threads', 7],
  ['ms', 8],
  ['lowest', 8],
  ['highest', 8],
  ['tokens/s', 8],
  ['GFLOP/s', 7],
  ['of peak', 7],
  ...peers.flatMap((peer) => [
    [`${peer} tokens/s`, 20],
    ['ratio', 6],
  ]),
]);

for (const name of options.problems) {
  for (const cell of options.cells) {
    for (const threads of options.threads) {
      const problem = { ...MODEL_PROBLEMS.get(name), cell };
      const { load, peakGigaflops, sides } = await measureModel({ problem, threads, peers, rounds: options.rounds });
      const { medianMs, lowestMs, highestMs, tokensPerSecond } = sides.bptt;
      const gigaflops = rounded(modelOperations(problem) / medianMs / 1e6);
      const shareOfPeak = shareOf(gigaflops, peakGigaflops);
      // Not all sides read the same number of tokens in a run.
      const ratioTo = ({ tokensPerSecond: theirs }) => (theirs ? rounded(tokensPerSecond / theirs) : undefined);
      const ratios = Object.fromEntries(peers.map((peer) => [peer, ratioTo(sides[peer])]));
      report.add({ problem, threads, gigaflops, peakGigaflops, shareOfPeak, timesFaster: ratios, load, sides }, [
        name,
        cell,
        threads.toFixed(0),
        medianMs,
        lowestMs,
        highestMs,
        tokensPerSecond,
        gigaflops,
        percent(shareOfPeak),
        ...peers.flatMap((peer) => [sides[peer].tokensPerSecond, ratios[peer]]),
      ]);
    }
  }
}
report.finish();
