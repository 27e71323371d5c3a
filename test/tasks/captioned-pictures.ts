/** Small pictures with captions, for tests. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { Random } from '../../src/core/random.js';

const COLOURS = { red: [220, 30, 30], blue: [30, 60, 230] } as const;

/** Height and width of the pictures. */
export const PICTURE_SIZE = [8, 24] as const;

/**
 * A square on the left or on the right of a grey picture with noise, in one of two colours, and a sentence that says both.
 *
 * @param directory gets `pictures/N.png` and the JSON lines, whose groups are three pictures each
 * @returns path of the JSON lines
 */
export function captionedPictures(directory: string, count: number, seed = 1, name = 'captions.jsonl'): string {
  const random = new Random(seed, 'pictures');
  const [height, width] = PICTURE_SIZE;
  mkdirSync(join(directory, 'pictures'), { recursive: true });
  const lines = Array.from({ length: count }, (_, at) => {
    const colour = random.integer(2) === 0 ? 'red' : 'blue';
    const side = random.integer(2) === 0 ? 'left' : 'right';
    const data = Uint8Array.from({ length: height * width * 3 }, () => 120 + random.integer(40));
    const left = (side === 'left' ? 1 : 13) + random.integer(6);
    const top = random.integer(4);
    for (let y = top; y < top + 4; y++) {
      for (let x = left; x < left + 4; x++) data.set(COLOURS[colour], (y * width + x) * 3);
    }
    const image = `pictures/${seed}-${at}.png`;
    writeFileSync(join(directory, image), encode({ width, height, channels: 3, depth: 8, data }));
    return JSON.stringify({ image, text: `a ${colour} thing on the ${side}`, group: `${seed}-${Math.floor(at / 3)}` });
  });
  const file = join(directory, name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}
