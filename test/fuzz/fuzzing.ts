/** Runs a target on mutated inputs. The inputs of all runs of the suite are the same; a soak draws others. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { type Outcome, outcomeOf } from './execution.js';

/** Executions of each target: a few in the suite, thousands in `npm run fuzz`. */
export const RUNS = Number(process.env['BPTT_FUZZ_RUNS'] ?? 12);

/** The first number of the inputs. */
const SEED = Number(process.env['BPTT_FUZZ_SEED'] ?? 1);

/** Whether inputs that end in a new way are added to the corpus. */
const KEEPS = process.env['BPTT_FUZZ_KEEP'] === '1';

/** Most inputs of a target in the corpus. */
const MOST_KEPT = 30;

function corpusPath(target: string): string {
  return fileURLToPath(new URL(`corpus/${target}.jsonl`, import.meta.url));
}

/** Inputs that once ended in a way of their own, or in a fault: each a line `{"outcome", "input"}`. */
export function corpusOf<T>(target: string): T[] {
  const path = corpusPath(target);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { input: T }).input);
}

/** Bytes as they stand in the corpus. */
export const asText = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
export const asBytes = (text: string) => Buffer.from(text, 'base64');

/** What happened, for the log of a soak. */
export interface FuzzReport {
  readonly runs: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly kinds: number;
  readonly slowestMs: number;
}

/**
 * Executes a target.
 *
 * @param saved an input as JSON, for the corpus
 * @param share part of the executions that this target gets: slow ones get fewer
 * @throws what `outcomeOf` throws, with the smallest input that shows it
 */
export async function fuzz<T>(
  target: string,
  inputs: fc.Arbitrary<T>,
  { execute, saved, share = 1 }: { execute: (input: T) => unknown; saved: (input: T) => unknown; share?: number },
): Promise<FuzzReport> {
  const outcomes = new Map<string, number>();
  const kinds = new Set<string>();
  let [runs, slowestMs, kept] = [0, 0, corpusOf(target).length];
  const property = fc.asyncProperty(inputs, async (input) => {
    const begin = performance.now();
    const outcome: Outcome = await outcomeOf(() => execute(input));
    slowestMs = Math.max(slowestMs, performance.now() - begin);
    runs += 1;
    outcomes.set(outcome.code, (outcomes.get(outcome.code) ?? 0) + 1);
    const kind = `${outcome.code}: ${outcome.kind}`;
    if (kinds.has(kind)) return;
    kinds.add(kind);
    if (!KEEPS || kept >= MOST_KEPT || JSON.stringify(saved(input)).length > 1400) return;
    kept += 1;
    appendFileSync(corpusPath(target), `${JSON.stringify({ outcome: kind, input: saved(input) })}\n`);
  });
  await fc.assert(property, { numRuns: Math.max(1, Math.ceil(RUNS * share)), seed: SEED, endOnFailure: share < 1 });
  const report = { runs, outcomes, kinds: kinds.size, slowestMs };
  if (process.env['BPTT_FUZZ_RUNS'] !== undefined) {
    const counts = [...outcomes].map(([code, count]) => `${code} ${count}`).join(', ');
    process.stdout.write(
      `${target}: ${runs} runs, ${kinds.size} kinds of ends, slowest ${Math.round(slowestMs)} ms: ${counts}\n`,
    );
  }
  return report;
}
