/**
 * Single steps of one sequence as they arrive, outputs returned, one thread: microseconds a step through the public API
 * (`model.stream().step(features)` of a model of the recurrent layer alone) against sides whose callers pass the states. Beside it a
 * step in a block of 64 (`stream.run`), and one of a session among the 64 of a group (`streamGroup`).
 *
 *   npm run bench -- stream [--problem stream,stream-large] [--cell rnn,gru,lstm] [--peer pytorch,onnxruntime|none|all]
 *        [--rounds 7] [--json FILE]
 */
import { checkAgreement } from './shared/agreement.mjs';
import { writeData } from './shared/case-data.mjs';
import { measureCase } from './shared/measure.mjs';
import { benchOptions } from './shared/options.mjs';
import { isStream, LAYER_PROBLEMS, operationsOf, parametersOf } from './shared/problems.mjs';
import { percent, Report, shareOf, timesFaster } from './shared/report.mjs';
import { rounded } from './shared/statistics.mjs';

const problems = [...LAYER_PROBLEMS.values()].filter(isStream).map(({ name }) => name);
const options = { ...benchOptions(problems), threads: [1] };
const { peers } = options;
const OTHER_FORMS = ['block', 'group'];
const report = new Report('stream', options, [
  ['problem', 14, 'left'],
  ['cell', 4, 'left'],
  ['units', 5],
  ['us', 8],
  ['lowest', 8],
  ['highest', 8],
  ['block us', 8],
  ['group us', 8],
  ['GFLOP/s', 7],
  ['of peak', 7],
  ['GB/s', 6],
  ...peers.flatMap((peer) => [
    [`${peer} us`, 14],
    ['ratio', 6],
  ]),
]);

async function measure(problem) {
  const { folder, remove } = writeData(problem);
  const request = { task: 'stream', problem, mode: 'inference', threads: 1, folder };
  let ours;
  try {
    return await measureCase({
      sides: [
        { name: 'bptt', peer: 'bptt', request },
        ...OTHER_FORMS.map((form) => ({ name: form, peer: 'bptt', request: { ...request, form } })),
        ...peers.map((peer) => ({ name: peer, peer, request })),
      ],
      rounds: options.rounds,
      async check(name, _, ask) {
        const { tensors } = await ask({ op: 'sample' });
        ours ??= tensors;
        if (name !== 'bptt') checkAgreement(name, problem, 'inference', ours, tensors);
      },
    });
  } finally {
    remove();
  }
}

for (const name of options.problems) {
  for (const cell of options.cells) {
    const problem = { ...LAYER_PROBLEMS.get(name), cell };
    const { load, peakGigaflops, sides } = await measure(problem);
    const { medianMs, lowestMs, highestMs } = sides.bptt;
    const gigaflops = rounded(operationsOf(problem, 'inference') / medianMs / 1e6);
    const weightBytes = 4 * parametersOf(problem).reduce((sum, { rows, columns }) => sum + rows * columns, 0);
    const gigabytes = rounded(weightBytes / medianMs / 1e6);
    const ratios = Object.fromEntries(peers.map((peer) => [peer, timesFaster(sides, peer)]));
    const shareOfPeak = shareOf(gigaflops, peakGigaflops);
    const microseconds = (ms) => (ms === undefined ? undefined : ms * 1000);
    const figures = {
      problem,
      gigaflops,
      peakGigaflops,
      shareOfPeak,
      weightGigabytesPerSecond: gigabytes,
      timesFaster: ratios,
      load,
      sides,
    };
    report.add(figures, [
      name,
      cell,
      problem.units.toFixed(0),
      ...[medianMs, lowestMs, highestMs, ...OTHER_FORMS.map((form) => sides[form].medianMs)].map(microseconds),
      gigaflops,
      percent(shareOfPeak),
      gigabytes,
      ...peers.flatMap((peer) => [microseconds(sides[peer].medianMs), ratios[peer]]),
    ]);
  }
}
report.finish();
