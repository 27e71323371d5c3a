/**
 * A voice activity detector as a service: many streams of silero-vad in one process, here and with onnxruntime-node (one session
 * for all streams, and one for each). Each side runs in a process of its own, in turns. Prints JSON: microseconds for each window of 32 ms
 * by the clock and of the processor, and resident memory beside that of the empty process.
 *
 *   npm run bench -- speech silero_vad_16k_op15.onnx [--streams 200] [--windows 20] [--rounds 3]
 *
 * onnxruntime-node is found as by the other benchmarks (BPTT_PEERS). One thread each; sounds are noise, whose cost is that of speech.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { requirePeer } from './shared/serve.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    streams: { type: 'string', default: '200' },
    windows: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    side: { type: 'string' },
  },
});
const [file = 'silero_vad_16k_op15.onnx'] = positionals;
const [streams, windows, rounds] = ['streams', 'windows', 'rounds'].map((name) => Number(values[name]));
const SIDES = ['bptt stepAsync', 'bptt step', 'onnxruntime-node one session', 'onnxruntime-node sessions'];

const noise = Float32Array.from({ length: 64 * 576 }, (_, at) => Math.sin(at * at * 0.37) / 2);
const windowOf = (stream, at) => {
  const begin = ((stream * 7 + at) % 63) * 576;
  return noise.slice(begin, begin + 576);
};

async function ownSide(isAsynchronous) {
  const { loadModel } = await import('../dist/index.js');
  const { model } = await loadModel(file, { training: false, threads: 1 });
  const all = Array.from({ length: streams }, () => model.stream());
  if (!isAsynchronous) return async (at) => all.map((stream, k) => stream.step(windowOf(k, at)));
  return (at) => Promise.all(all.map((stream, k) => stream.stepAsync(windowOf(k, at))));
}

async function peerSide(count) {
  const { module: ort } = requirePeer('onnxruntime-node');
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' };
  const bytes = readFileSync(file);
  const sessions = [];
  while (sessions.length < count) sessions.push(await ort.InferenceSession.create(bytes, options));
  const sr = new ort.Tensor('int64', BigInt64Array.of(16000n), []);
  const states = Array.from({ length: streams }, () => new ort.Tensor('float32', new Float32Array(256), [2, 1, 128]));
  return async (at) => {
    for (let k = 0; k < streams; k++) {
      const input = new ort.Tensor('float32', windowOf(k, at), [1, 576]);
      states[k] = (await sessions[k % count].run({ input, state: states[k], sr })).stateN;
    }
  };
}

async function measure(side) {
  const before = process.memoryUsage().rss;
  const isOwn = side.startsWith('bptt');
  const run = isOwn
    ? await ownSide(side.endsWith('Async'))
    : await peerSide(side.endsWith('one session') ? 1 : streams);
  for (const at of [0, 1]) await run(at);
  const [start, processor] = [performance.now(), process.cpuUsage()];
  for (let at = 2; at < windows + 2; at++) await run(at);
  const { user, system } = process.cpuUsage(processor);
  const count = streams * windows;
  globalThis.gc?.();
  const megabytes = (process.memoryUsage().rss - before) / 1e6;
  return { microseconds: ((performance.now() - start) / count) * 1000, processor: (user + system) / count, megabytes };
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** The file as a run, which a server loads: it is taken over once. */
async function runOf(onnx) {
  const { importRun } = await import('../dist/entries/interchange.js');
  const run = path.join(mkdtempSync(path.join(tmpdir(), 'speech-')), 'run');
  await importRun(onnx, run, { constants: { sr: 16000 }, axes: { input: ['step', 576] } });
  return run;
}

async function compare() {
  const run = await runOf(file);
  /** @type {Record<string, { microseconds: number, processor: number, megabytes: number }[]>} */
  const all = Object.fromEntries(SIDES.map((side) => [side, []]));
  for (let round = 0; round < rounds; round++) {
    for (const side of SIDES) {
      const model = side.startsWith('bptt') ? run : file;
      const options = [
        '--expose-gc',
        fileURLToPath(import.meta.url),
        model,
        '--side',
        side,
        '--streams',
        values.streams,
        '--windows',
        values.windows,
      ];
      const { status, stdout } = spawnSync(process.execPath, options, {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      if (status === 0) all[side].push(JSON.parse(stdout));
    }
  }
  const results = Object.entries(all).map(([side, runs]) => {
    if (runs.length === 0) return [side, null];
    const of = (name) => Number(median(runs.map((each) => each[name])).toFixed(1));
    return [side, { microseconds: of('microseconds'), processor: of('processor'), megabytes: of('megabytes') }];
  });
  const machine = { processor: cpus()[0]?.model, load: loadavg()[0] };
  console.log(JSON.stringify({ streams, windows, rounds, machine, ...Object.fromEntries(results) }, null, 2));
}

if (values.side === undefined) await compare();
else console.log(JSON.stringify(await measure(values.side)));
