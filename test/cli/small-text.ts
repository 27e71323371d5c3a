import { Random } from '../../src/core/random.js';

const WORDS = 'the a sea ship wind old man boy fish sun saw took lost and on under with was great small'.split(' ');

/** Lines of a few words, the same for the same seed. */
export function smallText(lines: number, seed = 1): string {
  const random = new Random(seed, 'small text');
  const line = () => Array.from({ length: 4 + random.integer(5) }, () => WORDS[random.integer(WORDS.length)]).join(' ');
  return Array.from({ length: lines }, () => `${line()}.\n`).join('');
}
