/**
 * The targets of the kernels, each beside what was measured: a Markdown table, then every case that misses.
 *
 *   npm run bench -- targets [--rounds 7] [--json FILE]     measures everything (an hour), keeps the JSON in FILE
 *   npm run bench -- targets --from FILE                    prints the table of such a file
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { from: { type: 'string' }, json: { type: 'string' }, rounds: { type: 'string', default: '7' } },
});

/** The JSON that a benchmark writes. */
function measure(folder, name, options, environment = {}) {
  const file = path.join(folder, `${name}.json`);
  const script = fileURLToPath(new URL(`${name}.mjs`, import.meta.url));
  const given = [...options, '--rounds', values.rounds, '--json', file];
  const env = { ...process.env, ...environment };
  const { status } = spawnSync(process.execPath, [script, ...given], { stdio: ['ignore', 2, 2], env });
  if (status !== 0) process.exitCode = status ?? 1;
  return JSON.parse(readFileSync(file, 'utf8'));
}

function measureAll() {
  const folder = mkdtempSync(path.join(tmpdir(), 'bptt-targets-'));
  try {
    const threads = ['--threads', '1,2'];
    const layers = measure(folder, 'layers', threads);
    const stream = measure(folder, 'stream', []);
    const endToEnd = measure(folder, 'end-to-end', threads);
    const few = ['--problem', 'charlm,large', '--mode', 'inference', '--peer', 'none'];
    return { layers, stream, endToEnd, avx2: measure(folder, 'layers', few, { BPTT_ISA: 'avx2' }) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const result = values.from === undefined ? measureAll() : JSON.parse(readFileSync(values.from, 'utf8'));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);

const { layers, stream, endToEnd, avx2 } = result;
const times = (ratio) => `${ratio.toFixed(2)}x`;
const percent = (share) => `${(100 * share).toFixed(0)} %`;
/** Only to see where a layer stands: neither a stream of weights beyond the cache nor different lengths. */
const isNamed = ({ problem }) => problem.name !== 'stream-large' && !problem.ragged;
const caseName = ({ problem, mode, threads }) =>
  [problem.name, problem.cell.toUpperCase(), mode, threads === undefined ? '' : `${threads} thr.`]
    .filter(Boolean)
    .join(' ');

/**
 * One row: what is to hold of each of some cases.
 *
 * @param reach how near each case comes to the target, at least 1 where it meets it
 * @param show the figure of a case
 */
function row(target, cases, reach, show) {
  const known = cases.filter((one) => Number.isFinite(reach(one)));
  const sorted = [...known].sort((a, b) => reach(a) - reach(b));
  const missed = sorted.filter((one) => reach(one) < 1);
  const worst = sorted[0];
  return {
    target,
    count: known.length,
    missed,
    worst: worst === undefined ? '-' : `${show(worst)} (${caseName(worst)})`,
    show,
  };
}

const training = layers.cases.filter((one) => one.mode === 'training' && isNamed(one));
const inference = layers.cases.filter((one) => one.mode === 'inference' && isNamed(one));
const wanted = { lstm: 1.4, gru: 1.7, rnn: 1.4 };
const faster = (one, peer) => one.timesFaster[peer];
const shown = (one) =>
  `${Object.entries(one.timesFaster)
    .filter(([, ratio]) => ratio)
    .map(([peer, ratio]) => `${times(ratio)} ${peer}`)
    .join(', ')}, ${percent(one.shareOfPeak)} of peak`;
const best = (one) => Math.min(...Object.values(one.timesFaster).filter(Boolean));
const byName = (names) => (one) => names.includes(one.problem.name);
const oneThread = (one) => one.threads === 1;
const bothLarge = byName(['charlm', 'large']);
const pairs = layers.cases.flatMap((one) => {
  const two = layers.cases.find(
    (other) =>
      other.threads === 2 &&
      other.mode === one.mode &&
      other.problem.name === one.problem.name &&
      other.problem.cell === one.problem.cell,
  );
  const operations = one.gigaflops * one.sides.bptt.medianMs * 1e6;
  return oneThread(one) && two !== undefined && operations > 1e9
    ? [{ ...two, scale: one.sides.bptt.medianMs / two.sides.bptt.medianMs }]
    : [];
});
const resident = (one) => one.sides.bptt.rssBytes / one.sides.pytorch.rssBytes;
const bandwidth = stream.ceilings[1].gigabytesPerSecond;

const rows = [
  row(
    'training against PyTorch: LSTM 1.4x, GRU 1.7x, RNN 1.4x, or 80 % of the peak',
    training,
    (one) => Math.max(faster(one, 'pytorch') / wanted[one.problem.cell], one.shareOfPeak / 0.8),
    shown,
  ),
  row(
    'timeseries training against PyTorch: GRU and RNN 4x',
    training.filter((one) => one.problem.name === 'timeseries' && one.problem.cell !== 'lstm'),
    (one) => faster(one, 'pytorch') / 4,
    shown,
  ),
  row(
    'inference against the better of PyTorch and ONNX Runtime: 1.15x, or 85 % of the peak',
    inference,
    (one) => Math.max(best(one) / 1.15, one.shareOfPeak / 0.85),
    shown,
  ),
  row('inference: never slower than either', inference, best, shown),
  row(
    'charlm and large, one thread: inference 85 % of the peak',
    inference.filter(oneThread).filter(bothLarge),
    (one) => one.shareOfPeak / 0.85,
    shown,
  ),
  row(
    'charlm and large, one thread: training 80 % of the peak',
    training.filter(oneThread).filter(bothLarge),
    (one) => one.shareOfPeak / 0.8,
    shown,
  ),
  row(
    'ragged speech, training, against PyTorch packed: 10x',
    layers.cases.filter(byName(['speech-ragged'])).filter((one) => one.mode === 'training'),
    (one) => faster(one, 'pytorch') / 10,
    shown,
  ),
  row(
    'ragged charlm, training, against PyTorch packed: 2.5x',
    layers.cases.filter(byName(['charlm-ragged'])).filter((one) => one.mode === 'training'),
    (one) => faster(one, 'pytorch') / 2.5,
    shown,
  ),
  row(
    'stream step through the public API: not slower than ONNX Runtime',
    stream.cases,
    (one) => faster(one, 'onnxruntime'),
    (one) => `${times(faster(one, 'onnxruntime'))} onnxruntime, ${times(faster(one, 'pytorch'))} pytorch`,
  ),
  row(
    'stream of weights beyond the cache: at the bandwidth of a copy',
    stream.cases.filter(byName(['stream-large'])),
    (one) => one.weightGigabytesPerSecond / bandwidth,
    (one) => `${one.weightGigabytesPerSecond.toFixed(0)} GB/s of ${bandwidth.toFixed(0)}`,
  ),
  row(
    'ptb-small model, whole training steps: 1.6x PyTorch',
    endToEnd.cases.filter(byName(['ptb-small-model'])),
    (one) => faster(one, 'pytorch') / 1.6,
    shown,
  ),
  row(
    'charlm model, whole training steps (no target)',
    endToEnd.cases.filter(byName(['charlm-model'])),
    (one) => faster(one, 'pytorch'),
    shown,
  ),
  row(
    'two threads over one, above 1 GFLOP: 1.85x',
    pairs,
    (one) => one.scale / 1.85,
    (one) => times(one.scale),
  ),
  row(
    'peak resident memory, whole training steps: 0.6 of PyTorch',
    endToEnd.cases.filter(oneThread),
    (one) => 0.6 / resident(one),
    (one) =>
      `${resident(one).toFixed(2)} (${(one.sides.bptt.rssBytes / 1e6).toFixed(0)} of ${(one.sides.pytorch.rssBytes / 1e6).toFixed(0)} MB)`,
  ),
  row(
    'AVX2 forced, charlm and large inference, one thread: 85 % of its peak',
    avx2.cases,
    (one) => one.shareOfPeak / 0.85,
    (one) => percent(one.shareOfPeak),
  ),
];

console.log(
  `${layers.processor}, ${layers.isa}, ${layers.rounds} rounds; peak of one thread ${layers.ceilings[1].gigaflops} GFLOP/s, of two ${layers.ceilings[2]?.gigaflops}, copy ${bandwidth} GB/s\n`,
);
console.log('| target | met by | the worst |\n|---|---|---|');
for (const { target, count, missed, worst } of rows)
  console.log(`| ${target} | ${count - missed.length} of ${count} | ${worst} |`);
for (const { target, missed, show } of rows.filter(({ missed }) => missed.length > 0)) {
  console.log(`\nMissed: ${target}`);
  for (const one of missed) console.log(`- ${caseName(one)}: ${show(one)}${one.load?.busy ? ' (busy)' : ''}`);
}
