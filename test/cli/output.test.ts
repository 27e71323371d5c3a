/** A standard output that cannot be written. */
import { Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Output, OutputClosed } from '../../src/cli/output.js';
import { runCommandLine } from '../../src/cli/run-command-line.js';
import { lineProgress } from '../../src/training/progress.js';

/** A stream that fails after some pieces, as one on a full disk or one whose reader has gone. */
function failing(code: string, after = 0, highWaterMark = 16_384): Writable {
  let pieces = 0;
  return new Writable({
    highWaterMark,
    write(_piece, _encoding, done) {
      pieces += 1;
      done(pieces > after ? Object.assign(new Error(`${code}: it failed`), { code }) : null);
    },
  });
}

async function told(stream: Writable, words: readonly string[]) {
  let stderr = '';
  const tell = (text: string) => {
    stderr += text;
  };
  const status = await runCommandLine(words, {
    input: () => Readable.from([]),
    output: new Output(stream),
    signal: new AbortController().signal,
    progress: lineProgress({ write: tell }),
    note: (line) => tell(`${line}\n`),
  });
  return { status, stderr };
}

describe('an output that fails', () => {
  it('ends a command with a line and a status, also when its last line was not written', async () => {
    for (const words of [['info'], ['info', '--json']]) {
      const { status, stderr } = await told(failing('ENOSPC'), words);
      expect(stderr).toMatch(
        /^bptt: error \[output_failed\]: cannot write the results to standard output: ENOSPC.*\n$/,
      );
      expect(status).toBe(1);
    }
  });

  it('is no error when its reader has gone', async () => {
    expect(await told(failing('EPIPE'), ['info'])).toEqual({ status: 0, stderr: '' });
  });

  it.each([1, 16_384])('is told at the next write, with %d bytes of patience', async (highWaterMark) => {
    const write = async (output: Output) => {
      for (let line = 0; line < 100; line++) {
        await output.json({ line });
        await new Promise(setImmediate);
      }
      await output.flush();
    };
    const full = new Output(failing('ENOSPC', 3, highWaterMark));
    await expect(write(full)).rejects.toThrow(expect.objectContaining({ code: 'output_failed' }));
    await expect(write(full)).rejects.toThrow(expect.objectContaining({ code: 'output_failed' }));
    await expect(write(new Output(failing('EPIPE', 3, highWaterMark)))).rejects.toThrow(OutputClosed);
  });
});
