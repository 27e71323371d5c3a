/**
 * Whole training steps of tasks with sequences of different lengths: forward, loss, backward, clipping, update. `translate` is an
 * encoder-decoder with attention, `transcribe` frames with connectionist temporal classification. Valid steps a second.
 *
 *   npm run bench -- tasks [--problem translate,transcribe] [--cell rnn,gru,lstm] [--threads 1,2|all] [--peer pytorch|none]
 *        [--rounds 7] [--json FILE]
 */
import { measureCase } from './shared/measure.mjs';
import { benchOptions } from './shared/options.mjs';
import { lengthsOf, TASK_PROBLEMS } from './shared/problems.mjs';
import { Report, timesFaster } from './shared/report.mjs';
import { rounded } from './shared/statistics.mjs';

const options = benchOptions([...TASK_PROBLEMS.keys()], ['pytorch']);
const peers = options.peers.filter((peer) => peer === 'pytorch');
const report = new Report('tasks', options, [
  ['problem', 12, 'left'],
  ['cell', 4, 'left'],
  ['threads', 7],
  ['ms', 8],
  ['lowest', 8],
  ['highest', 8],
  ['steps/s', 8],
  ...peers.flatMap((peer) => [
    [`${peer} ms`, 12],
    ['ratio', 6],
  ]),
]);

/** How far the first losses of untrained models may be apart, as a share of ours. */
const MOST_DEVIATION = 0.1;

/** Refuses a side that has other parameters than ours, or begins with another loss. */
function sameModel() {
  let ours;
  return async (name, { parameters }, ask) => {
    const { loss } = await ask({ op: 'run', repeat: 1 });
    ours ??= { parameters, loss };
    if (parameters !== ours.parameters) throw new Error(`${name} has ${parameters} parameters, not ${ours.parameters}`);
    if (Math.abs(loss - ours.loss) <= MOST_DEVIATION * ours.loss) return;
    throw new Error(`${name} begins with a loss of ${loss}, ours with ${ours.loss}`);
  };
}

for (const name of options.problems) {
  for (const cell of options.cells) {
    for (const threads of options.threads) {
      const problem = { ...TASK_PROBLEMS.get(name), cell };
      const request = { task: name, problem, threads, lengths: lengthsOf(problem) };
      const { load, sides } = await measureCase({
        sides: ['bptt', ...peers].map((peer) => ({ name: peer, peer, request })),
        rounds: options.rounds,
        check: sameModel(),
      });
      const { medianMs, lowestMs, highestMs } = sides.bptt;
      const steps = request.lengths.reduce((sum, length) => sum + length, 0);
      const stepsPerSecond = rounded((1000 * steps) / medianMs);
      const ratios = Object.fromEntries(peers.map((peer) => [peer, timesFaster(sides, peer)]));
      report.add({ problem, threads, stepsPerSecond, timesFaster: ratios, load, sides }, [
        name,
        cell,
        threads.toFixed(0),
        medianMs,
        lowestMs,
        highestMs,
        stepsPerSecond,
        ...peers.flatMap((peer) => [sides[peer].medianMs, ratios[peer]]),
      ]);
    }
  }
}
report.finish();
