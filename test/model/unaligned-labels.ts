/** Labels that no one has aligned with the frames in which they are heard, for tests. */
import { Random } from '../../src/core/random.js';
import { ctcTarget } from '../../src/network/losses/ctc.js';

/** Labels with the blank, 0. */
export const CLASSES = 4;

/** Frames of labels that each last 1 to 3 frames, with silence between them, and noise over all. */
export function unaligned(count: number, seed: number) {
  const random = new Random(seed, 'spoken');
  return Array.from({ length: count }, () => {
    const labels = Array.from({ length: 1 + random.integer(3) }, () => 1 + random.integer(CLASSES - 1));
    const heard = labels.flatMap((label) => [...new Array<number>(1 + random.integer(3)).fill(label), 0]);
    const frames = heard.flatMap((label) =>
      Array.from({ length: CLASSES }, (_, one) => Number(one === label) + 0.1 * random.normal()),
    );
    return { labels, frames: Float32Array.from(frames), target: ctcTarget(labels, { classes: CLASSES }) };
  });
}
