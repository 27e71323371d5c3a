/**
 * Defaults of `transcribe`, with their reasons. Measured on 980 recordings of spelled words, numbers and short sentences by 70 synthetic
 * voices, of which 8 were held out, and on spoken digits (FSDD); what layers and masks do, on 853 recordings of 74 synthetic voices (44
 * minutes, other voices in the test part; seed 1).
 */
import { LENGTH_RULES } from '../../building-blocks/training-length.js';
import type { ReasonedDefaults } from '../../definition/reasoned.js';

/** Frames of a second: the mean of a shorter sound, a single word, tells much of what is said. */
const SECOND = 100;
/** A network learns fewer sounds than this by heart. */
const FEW = 100;

export const TRANSCRIBE = {
  valid: { value: 0.1, reason: 'of the clips; chosen by custom, not measured' },
  test: { value: 0.1, reason: 'of the clips; chosen by custom, not measured' },
  cell: {
    value: 'gru',
    reason: 'three quarters of the weights of an LSTM of its size; chosen by custom, not measured',
  },
  units: { value: 128, reason: 'chosen by custom, not measured' },
  direction: { value: 'bidirectional', reason: 'the whole sound is there; chosen by custom, not measured' },
  learningRate: { value: 3e-3, reason: 'chosen by custom, not measured' },
  schedule: { value: 'cosine', reason: 'the best weights come with a small rate at the end' },
  longSounds: {
    value: { frames: SECOND, sounds: FEW },
    reason:
      'from so many frames in the mean (a second), and so many sounds: sentences, spelled words, strings of numbers. All others are short: single words, and recordings that are so few that they are changed anew in every epoch',
  },
  layers: {
    value: { short: 1, long: 2 },
    reason:
      'one layer learns long sounds by heart: training loss 0.005, validation loss 1.06 at best (dropout 0.2, no masks; epoch 17 of 47, then 1.2; test, word error rate 33.2 %). Two layers: see dropout and mask',
  },
  dropout: {
    value: { short: 0.2, long: 0.4 },
    reason:
      'with two layers and no masks the validation loss is 0.78 in epoch 23 of 35, then 0.84; test, word error rate 26.4 %',
  },
  mask: {
    value: { short: 0, long: 1 },
    reason:
      'with two layers and dropout 0.4 the validation loss is 0.49 in epoch 45 of 60, where it was stopped; test, word error rate 25.0 %. One layer is too small for its masks: 1.02 in epoch 42 of 47, 35.2 %',
  },
  maskTimes: {
    value: { masks: 2, part: 0.15, steps: 12 },
    reason: 'what a mask hides at most: after SpecAugment (Park et al. 2019); not measured',
  },
  maskBands: {
    value: { masks: 2, part: 0.25 },
    reason: 'neighbouring features that a mask hides at most: after SpecAugment (Park et al. 2019); not measured',
  },
  maskGrowth: {
    value: 0.2,
    reason: 'the part of the epochs in which masks grow to their full widths: the first steps learn where symbols are',
  },
  length: {
    value: {
      short: { steps: 2500, epochs: [20, 100], batch: 16 },
      long: { steps: 3200, epochs: [20, 100], batch: 16 },
    },
    reason:
      'steps of a training, limits of its epochs, largest batch: the first few hundred steps pass before a network writes anything but blanks',
  },
  ...LENGTH_RULES,
  by: { value: 'clip', reason: 'chosen by custom, not measured' },
  symbols: {
    value: 'words',
    reason: 'error rate 25 %; of characters 39 % with deltas, 46 % without in smaller batches; one seed',
  },
  features: { value: 'log-mel', reason: 'chosen by custom, not measured' },
  melBands: { value: 40, reason: 'chosen by custom, not measured' },
  logFloor: {
    value: 1e-5,
    reason:
      'lower limit of the power of a mel band before its logarithm: lower powers are in the range of the microphone noise of quiet rooms',
  },
  deltas: {
    value: 0,
    reason:
      'twice the inputs, and the network sees neighbouring frames anyway: with labels of words 25 % without, 66 % with; one seed',
  },
  stack: { value: 3, reason: 'more frames give shorter sequences; chosen by custom, not measured' },
  normalize: {
    value: { fewestFrames: SECOND },
    reason:
      'each utterance takes away loudness and microphone, from so many frames in the mean, a second; the mean of a single word tells much of what is said: on spoken digits the word error rate is 6.7 % in place of 1.0 %. A stream (direction forward) cannot wait for the end of its utterance',
  },
  join: { value: '1', reason: 'clips are not joined; chosen by custom, not measured' },
  silence: { value: 100, reason: 'milliseconds between joined clips; chosen by custom, not measured' },
  strings: { value: 'each clip about once', reason: 'a fixed number repeats a few clips, and leaves out most of many' },
  validStrings: { value: 200, reason: 'of joined clips; chosen by custom, not measured' },
  testStrings: { value: 500, reason: 'of joined clips; chosen by custom, not measured' },
  perturb: {
    value: { below: FEW, strength: 1 },
    reason:
      'of fewer sounds, which a network learns by heart; 0 of others: changed sounds are computed anew in every epoch. A few recordings (yes and no, 24) are learnt by heart without: 3.3 to 4.2 %, with 0.4 to 2.9 %',
  },
  inputDropout: { value: 0, reason: 'of features; chosen by custom, not measured' },
  outputBias: {
    value: 'frequencies of labels',
    reason:
      'their logarithms, with the blanks, since most steps have no symbol: with a bias of the blank of 3, test 22 %; of 0, 26 to 28 %; of -3, 31 %; one seed each',
  },
  featureMemory: { value: 1024, reason: 'megabytes; chosen by custom, not measured' },
  misfits: { value: 'error', reason: 'nothing is left out without a word' },
  validBy: {
    value: 'greedy',
    reason: 'a beam search of all sounds takes longer than the epoch itself where labels are characters',
  },
  validSounds: { value: 300, reason: 'most sounds that are decoded after an epoch; chosen by custom, not measured' },
  beams: { value: 8, reason: 'chosen by custom, not measured' },
  lmWeight: { value: 0.5, reason: 'chosen by custom, not measured' },
  insertionBonus: { value: 0, reason: 'chosen by custom, not measured' },
  nBest: { value: 3, reason: 'chosen by custom, not measured' },
} as const satisfies ReasonedDefaults;
