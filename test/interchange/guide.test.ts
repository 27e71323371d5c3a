/** The first guide of docs/interchange/pytorch.md: what PyTorch printed is what the server answers. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { importModel } from '../../src/entries/interchange.js';
import { codeBlocks } from '../readme/documents.js';

const golden = (name: string) => fileURLToPath(new URL(`golden/guide/${name}`, import.meta.url));
const page = 'docs/interchange/pytorch.md';

it('is the program that was executed, and its lines are ten', () => {
  expect(codeBlocks(page, 'python')[0]?.code).toBe(readFileSync(golden('program.py'), 'utf8'));
  const lines = codeBlocks(page, 'ts')[0]
    ?.code.split('\n')
    .filter((line) => line !== '' && !line.startsWith('import'));
  expect(lines?.length).toBeLessThanOrEqual(10);
});

it('ends with the numbers that PyTorch printed', async () => {
  const { model } = await importModel(golden('tagger.pt'));
  const [first, second] = await model.predict([[4, 8, 15, 16], [2]]);
  const printed = JSON.parse(readFileSync(golden('printed.json'), 'utf8')) as number[];
  expect([...(first?.slice(-3) ?? [])].map((number) => number.toFixed(6))).toEqual(
    printed.map((number) => number.toFixed(6)),
  );
  expect(second?.length).toBe(3);
  model.dispose();
});
