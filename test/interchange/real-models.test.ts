/** The examples with models that other projects publish, against what the equations of these give (NumPy, float64). */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../architecture/project-files.js';

const folder = fileURLToPath(new URL('../../../shared/models', import.meta.url));
const isMissing = !existsSync(folder);
if (isMissing) console.warn(`SKIPPED: the models ${folder} are not there`);

async function run(example: string, file: string, ...words: string[]): Promise<string> {
  const program = path.join(projectRoot, 'examples', 'interchange', example);
  const env = { ...process.env, BPTT_THREADS: '1' };
  const { stdout } = await promisify(execFile)(process.execPath, [program, path.join(folder, file), ...words], { env });
  return stdout.trim();
}

describe.skipIf(isMissing)('the examples', () => {
  it('play the stacks of RTNeural as PyTorch does', async () => {
    const text = await run('rtneural.mjs', 'rtneural');
    const distances = [...text.matchAll(/^(lstm|gru): 1000 samples, largest difference (\S+)$/gm)];
    expect(distances.map(([, kind]) => kind)).toEqual(['lstm', 'gru']);
    // 4 layers of 8 units, 1000 steps: 4 * ceil(log2(8 * 1000)) * 2^-23 of outputs of about 0.1.
    for (const [, , distance] of distances) expect(Number(distance)).toBeLessThan(6.2e-7);
  });

  it('pronounce words as g2p does', async () => {
    const words = ['hello', 'recurrent', 'onomatopoeia', 'sleepiness', 'juxtapose', 'blockchain'];
    expect((await run('pronounce.mjs', 'g2p/checkpoint20.npz', ...words)).split('\n')).toEqual([
      'hello HH EH1 L OW0',
      'recurrent R IH0 K ER1 AH0 N T',
      'onomatopoeia AA2 N AH0 M AH0 T AH0 P EY1 SH IY0',
      'sleepiness S L IY1 P IY0 N AH0 S',
      'juxtapose JH AH2 K S T AH0 P OW1 Z',
      'blockchain B L AA1 K HH EY2 N',
    ]);
  });

  it.each(['ฉัน|รัก|ภาษา|ไทย|และ|การ|อ่าน|หนังสือ', 'ขอบ|คุณ|มาก|ครับ|แล้ว|พบ|กัน|ใหม่', 'วัน|นี้|อากาศ|ดี'])(
    'part Thai text as the model of ICU does: %s',
    async (words) => {
      const file = 'icu/Thai_codepoints_exclusive_model4_heavy.json';
      expect(await run('thai-words.mjs', file, words.replaceAll('|', ''))).toBe(words);
    },
  );

  it('damp noise as RNNoise does', async () => {
    expect(await run('rnnoise.mjs', 'rnnoise/bd.rnnn')).toBe(
      '0.6973 0.6977 0.3544 0.2211 0.1865 0.1657 0.1619 0.1781 0.1779 0.1514 0.1390 0.1695 0.1819 0.2072 0.2246 0.2539 0.2749 0.2269 0.1782 0.1735 0.2472 0.3757',
    );
  });
});

describe('each of these examples', () => {
  it('has at most 30 lines', () => {
    const place = path.join(projectRoot, 'examples', 'interchange');
    for (const name of ['rtneural', 'pronounce', 'thai-words', 'rnnoise'].map((each) => `${each}.mjs`)) {
      expect(readFileSync(path.join(place, name), 'utf8').trimEnd().split('\n').length, name).toBeLessThanOrEqual(30);
    }
  });
});
