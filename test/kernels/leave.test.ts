import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './captured-program.js';
import { type TrainingStep, trainingStep } from './training-graph.js';

const directory = mkdtempSync(join(tmpdir(), 'bptt-leave-'));
const program = join(directory, 'program.json');
const script = fileURLToPath(new URL('leave.mjs', import.meta.url));

beforeAll(() => {
  let step: TrainingStep | undefined;
  const { words, attributes, blockBytes } = capture(() => {
    step = trainingStep({ symbols: 20, units: 64, steps: 100, batch: 8 }, 1);
  });
  const batchSizes = step?.batchSizes.map((sizes) => [...sizes]);
  writeFileSync(program, JSON.stringify({ words: [...words], attributes: [...attributes], blockBytes, batchSizes }));
});

afterAll(() => rmSync(directory, { recursive: true }));

/** How the process ended: 7 means that everything went as expected. */
function leave(way: string, milliseconds: number): Promise<{ status: unknown; signal: unknown; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [script, program, way, String(milliseconds)], (_, __, output) => {
      resolve({ status: child.exitCode, signal: child.signalCode, output });
    });
  });
}

const well = { status: 7, signal: null, output: '' };

describe('a run under way', () => {
  it.each([0, 1, 7, 30])('is ended by process.exit after %i ms without a crash', async (milliseconds) => {
    expect(await leave('exit', milliseconds)).toEqual(well);
  });

  it.each([0, 3])('ends with its worker thread, and the process goes on (%i ms)', async (milliseconds) => {
    expect(await leave('terminate', milliseconds)).toEqual(well);
  });

  it('whose callback throws is an uncaught exception of JavaScript and no crash', async () => {
    expect(await leave('throw', 0)).toEqual(well);
  });
});
