import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import { loadCheckpoint } from '../../src/checkpoint/checkpoint.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import type { Ended } from './run-bptt.js';
import { smallText } from './small-text.js';

/** A model that is trained in a moment. */
export const SMALL = '--embedding 8 --units 16 --layers 2 --batch 8 --steps 16 --dropout 0.1'.split(' ');

/** A text file and a place for runs. */
export function workplace(lines = 300): { data: string; run: (name: string) => string } {
  const directory = temporaryDirectory();
  const data = join(directory, 'text.txt');
  writeFileSync(data, smallText(lines));
  return { data, run: (name) => join(directory, name) };
}

/** Step of the newest checkpoint of a run, 0 when it has none. */
export function newestStep(run: string): number {
  const directory = join(run, 'checkpoints');
  if (!existsSync(directory)) return 0;
  const steps = readdirSync(directory).map((name) => Number(/^step-(\d+)\.safetensors$/.exec(name)?.[1] ?? 0));
  return Math.max(0, ...steps);
}

/**
 * Digests of all tensors, and everything else, of the newest checkpoint; and the metrics that do not depend on the
 * clock.
 */
export async function endOf(run: string): Promise<unknown> {
  const name = `step-${String(newestStep(run)).padStart(6, '0')}.safetensors`;
  const { tensors, metadata } = await loadCheckpoint(join(run, 'checkpoints', name));
  const digest = (data: NodeJS.ArrayBufferView) => createHash('sha256').update(data).digest('hex');
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return {
    tensors: [...tensors].map(([tensor, { data }]) => [tensor, digest(data)]),
    state: { ...metadata, configuration: undefined },
    metrics: lines.map((line) => ({ ...JSON.parse(line), timing: undefined })),
  };
}

/** The one JSON value that a command gave. */
export function jsonOf({ stdout, stderr, status }: Ended): Record<string, unknown> {
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Waits until the condition holds. */
export async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(2);
}
