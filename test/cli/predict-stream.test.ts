import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { parityFile, QUIET } from '../tasks/trained.js';
import { runBptt, startBptt } from './run-bptt.js';

const small = { ...QUIET, units: 12, embedding: 4, epochs: 1, batch: 16, dropout: 0 } as const;

async function taggerRun(direction: 'forward' | 'bidirectional'): Promise<string> {
  const directory = temporaryDirectory();
  const out = join(directory, 'run');
  await trainTask('tag', { ...small, data: parityFile(directory), out, direction });
  return out;
}

/** The text that a child has written to standard output after this number of lines. */
function linesOf(child: ReturnType<typeof startBptt>[0], count: number): Promise<string[]> {
  return new Promise((resolve) => {
    let text = '';
    const take = (piece: string) => {
      text += piece;
      const lines = text.split('\n').slice(0, -1);
      if (lines.length < count) return;
      child.stdout?.off('data', take);
      resolve(lines);
    };
    child.stdout?.on('data', take);
  });
}

describe('bptt predict --stream', () => {
  it('writes what each line makes known before the next one comes, and ends with its input', async () => {
    const run = await taggerRun('forward');
    const [child, ended] = startBptt(['predict', run, '--stream'], {}, 'pipe');
    const first = linesOf(child, 2);
    child.stdin?.write('1\n0');
    child.stdin?.write('\n1');
    const known = (await first).map((line) => JSON.parse(line) as { label: string; probabilities: object });
    expect(known.map(({ probabilities }) => Object.keys(probabilities))).toEqual([
      ['even', 'odd'],
      ['even', 'odd'],
    ]);
    child.stdin?.end('1\n');
    const { stdout, status, stderr } = await ended;
    expect([status, stderr]).toEqual([0, '']);
    const labels = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).label);
    expect({ labels }).toEqual(JSON.parse((await runBptt(['predict', run, '1011'])).stdout));
  });

  it('is stopped by a signal while it waits for a line', async () => {
    const run = await taggerRun('forward');
    const [child, ended] = startBptt(['predict', run, '--stream'], {}, 'pipe');
    const first = linesOf(child, 1);
    child.stdin?.write('1\n');
    await first;
    child.kill('SIGINT');
    const { status, stderr } = await ended;
    expect([status, stderr]).toEqual([130, '']);
  });

  it('is refused beside inputs, and for a network that reads ahead', async () => {
    const ahead = await taggerRun('bidirectional');
    const both = await runBptt(['predict', ahead, '1', '--stream']);
    expect([both.status, both.stderr]).toEqual([
      2,
      expect.stringMatching(/\[bad_use\]: exactly one of inputs, --data/),
    ]);
    const { status, stdout, stderr } = await runBptt(['predict', ahead, '--stream']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^bptt: error \[not_streamable\]: layer '\S+' looks at later steps[^\n]*\n$/);
  });
});
