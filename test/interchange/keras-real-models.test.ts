/** The example with stacks of Keras layers that another project publishes, against the outputs that come with them. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../architecture/project-files.js';

const folder = fileURLToPath(new URL('../../../shared/models/rtneural', import.meta.url));
const isMissing = !existsSync(folder);
if (isMissing) console.warn(`SKIPPED: the models ${folder} are not there`);

describe.skipIf(isMissing)('the example', () => {
  it('plays stacks of Keras layers as Keras does, and refuses a damaged one by its tensor', async () => {
    const program = path.join(projectRoot, 'examples', 'interchange', 'rtneural-keras.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [program, folder]);
    const distances = [...stdout.matchAll(/^(\w+): 100 samples, largest difference (\S+)$/gm)];
    expect(distances.map(([, name]) => name)).toEqual(['lstm_1d', 'lstm', 'gru_1d', 'gru']);
    // 3 layers of 8 units, 100 steps: 4 * ceil(log2(8 * 100)) * 2^-24 of outputs of about 1.
    for (const [, , distance] of distances) expect(Number(distance)).toBeLessThan(2.4e-6);
    expect(stdout).toContain("'layer0/kernel' is [1, 80], but the kernel of LSTMCell 'layer0' must be [1, 64]");
  });
});
