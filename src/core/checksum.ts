/** FNV-1a over 32-bit words: tells apart data of the same size. It is no protection against data made to collide. */

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * The checksum of words, an integer >= 0.
 *
 * @param before checksum of what comes before them
 */
export function checksumOf(words: Int32Array, before: number = OFFSET_BASIS): number {
  let hash = before;
  for (const word of words) hash = Math.imul(hash ^ word, PRIME);
  return hash >>> 0;
}
