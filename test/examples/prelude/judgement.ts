/** What the examples of metrics take for granted. */

/** Translations beside what people wrote. */
export const corpus = [
  { hypothesis: 'the cat sat on the mat'.split(' '), references: ['the cat sat on a mat'.split(' ')] },
  { hypothesis: 'a dog barks at night'.split(' '), references: ['a dog barks at night'.split(' '), ['dogs', 'bark']] },
];
/** Texts beside what was recognised. */
export const pairs = [
  ['the cat sat', 'the cat sits'],
  ['a dog', 'a dog'],
] as const;
export const targets = Int32Array.of(0, 1, 1, 0);
export const predictions = Int32Array.of(0, 1, 0, 0);
/** A value for each hour of three days. */
export const hours = Float32Array.from({ length: 72 }, (_, hour) => Math.sin((2 * Math.PI * hour) / 24));
