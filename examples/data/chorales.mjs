/**
 * Pieces in four parts by simple rules, as JSON for `bptt train music`: they are generated, and no music by anybody.
 *
 * Usage: node examples/data/chorales.mjs OUT.json [PIECES] [SEED]
 *
 * A piece has a key, major or minor, and phrases of eight chords by a table of progressions that end in a cadence. The bass
 * takes the root or the third, the upper voices move to the nearest notes of the chord that are not doubled by another voice,
 * each within its compass. A chord is held for two or four frames; passing notes fill some of the thirds of the soprano.
 */
import { writeFileSync } from 'node:fs';

const [out, pieces = '240', seed = '1'] = process.argv.slice(2);
const [count, first] = [Number(pieces), Number(seed)];
if (out === undefined || !Number.isInteger(count) || count < 10 || !Number.isInteger(first) || first < 0) {
  console.error('usage: node examples/data/chorales.mjs OUT.json [PIECES, at least 10] [SEED]');
  process.exit(2);
}

/** Uniform numbers in [0, 1): mulberry32, the same everywhere. */
function randomNumbers(start) {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SCALES = { major: [0, 2, 4, 5, 7, 9, 11], minor: [0, 2, 3, 5, 7, 8, 10] };
/** Degrees that may follow each degree. */
const FOLLOWING = { 0: [3, 4, 5, 1], 1: [4, 4, 6], 2: [5, 3], 3: [4, 1, 0], 4: [0, 0, 5], 5: [1, 3, 2], 6: [0] };
/** Lowest and highest note of tenor, alto and soprano. */
const COMPASS = [
  [48, 67],
  [55, 74],
  [60, 81],
];

function pieceOf(random) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const tonic = 55 + Math.floor(random() * 12) - 6;
  const mode = pick(['major', 'major', 'minor']);
  const scale = SCALES[mode];
  const noteOf = (degree) => tonic + scale[degree % 7] + 12 * Math.floor(degree / 7);
  const chordOf = (degree, isDominant) => {
    const classes = [0, 2, 4].map((third) => noteOf(degree + third) % 12);
    // The leading note of a minor key is raised in its dominant.
    if (isDominant && mode === 'minor') classes[1] = (tonic + 11) % 12;
    return classes;
  };
  const frames = [];
  let upper = [tonic, tonic + 4, tonic + 9];
  const phrases = 3 + Math.floor(random() * 3);
  for (let phrase = 0; phrase < phrases; phrase++) {
    let degree = 0;
    for (let place = 0; place < 8; place++) {
      if (place === 6) degree = 4;
      else if (place === 7) degree = 0;
      else if (place > 0) degree = pick(FOLLOWING[degree]);
      const chord = chordOf(degree, degree === 4);
      const bassClass = place < 6 && random() < 0.25 ? chord[1] : chord[0];
      const bass = 36 + ((bassClass - 36 + 120) % 12) + (random() < 0.2 ? 12 : 0);
      const before = upper;
      const taken = new Set();
      upper = before.map((note, voice) => {
        const [low, high] = COMPASS[voice];
        const free = [];
        for (let candidate = low; candidate <= high; candidate++) {
          if (chord.includes(candidate % 12) && !taken.has(candidate)) free.push(candidate);
        }
        free.sort((left, right) => Math.abs(left - note) - Math.abs(right - note) || left - right);
        const chosen = random() < 0.12 ? (free[1] ?? free[0]) : free[0];
        taken.add(chosen);
        return chosen;
      });
      const length = place === 7 ? 4 : 2;
      const [tenor, alto, soprano] = upper;
      const step = soprano - before[2];
      for (let frame = 0; frame < length; frame++) {
        const passes = frame === 0 && place > 0 && Math.abs(step) >= 3 && Math.abs(step) <= 4 && random() < 0.5;
        const middle =
          before[2] + Math.sign(step) * (scale.includes((before[2] + 24 + 2 * Math.sign(step) - tonic) % 12) ? 2 : 1);
        frames.push([...new Set([bass, tenor, alto, passes ? middle : soprano])].sort((left, right) => left - right));
      }
    }
  }
  return frames;
}

const random = randomNumbers(first);
const all = Array.from({ length: count }, () => pieceOf(random));
const held = Math.max(1, Math.round(count / 10));
const parts = { train: all.slice(2 * held), valid: all.slice(0, held), test: all.slice(held, 2 * held) };
writeFileSync(out, `${JSON.stringify(parts)}\n`);
console.log(`${out}: ${parts.train.length} + ${held} + ${held} pieces`);
