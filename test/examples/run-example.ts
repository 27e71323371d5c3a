import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { projectRoot } from '../architecture/project-files.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

/**
 * Runs a program of examples/ in an empty folder, once with each command, in processes that follow each other.
 *
 * @returns what they wrote to standard output, together
 */
export async function runExample(example: string, commands: readonly string[]): Promise<string> {
  const cwd = temporaryDirectory();
  const env = { ...process.env, BPTT_THREADS: '1' };
  const file = path.join(projectRoot, 'examples', example);
  let text = '';
  for (const command of commands) {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file, command], { cwd, env });
    expect(stderr).toBe('');
    text += stdout;
  }
  return text;
}

/** The number in the first group of a pattern. */
export const numberOf = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? Number.NaN);
