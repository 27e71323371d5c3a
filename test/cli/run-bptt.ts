import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

/** The compiled command line. */
export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** What a process wrote, and how it ended. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Starts the compiled command line, without standard input or with one to write to. */
export function startBptt(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  input: 'ignore' | 'pipe' = 'ignore',
): [ChildProcess, Promise<Ended>] {
  expect(existsSync(MAIN), `${MAIN} must be there: npm run build`).toBe(true);
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, BPTT_THREADS: '1', ...environment },
    stdio: [input, 'pipe', 'pipe'],
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ stdout, stderr, status, signal }));
  });
  return [child, ended];
}

/** Runs the compiled command line to its end. */
export function runBptt(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return startBptt(args, environment)[1];
}
