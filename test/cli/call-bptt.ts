import { Readable, Writable } from 'node:stream';
import { Output } from '../../src/cli/output.js';
import { runCommandLine } from '../../src/cli/run-command-line.js';
import { lineProgress } from '../../src/training/progress.js';
import type { Ended } from './run-bptt.js';

/**
 * Runs the command line in this process, on one thread: what a command says and does, without the half second that a process
 * takes to start. What depends on the process, such as signals, pipes and the instruction set, is tested with `runBptt`.
 */
export async function callBptt(args: readonly string[]): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  const before = process.env['BPTT_THREADS'];
  process.env['BPTT_THREADS'] = '1';
  const screen = new Writable({
    write(piece: Buffer, _encoding, done) {
      stdout += piece.toString();
      done();
    },
  });
  const tell = (text: string) => {
    stderr += text;
  };
  try {
    const status = await runCommandLine(args, {
      input: () => Readable.from([]),
      output: new Output(screen),
      signal: new AbortController().signal,
      progress: lineProgress({ write: tell }),
      note: (line) => tell(`${line}\n`),
    });
    return { stdout, stderr, status, signal: null };
  } finally {
    if (before === undefined) delete process.env['BPTT_THREADS'];
    else process.env['BPTT_THREADS'] = before;
  }
}
