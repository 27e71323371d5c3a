/**
 * `bptt/features`: from sound, pictures and columns of numbers to the rows that a network reads. Everything here computes in
 * memory; `bptt/data` reads the files.
 */

export { ColumnStatistics } from '../features/column-statistics.js';
export { appendDeltas, type DeltaOptions } from '../features/deltas.js';
export { type Image, type PatchOptions, patchMeans } from '../features/image.js';
export { LogMel } from '../features/log-mel.js';
export type { MelNorm, MelScale } from '../features/mel-filters.js';
export { Mfcc, type MfccOptions } from '../features/mfcc.js';
export { drawPerturbation, type Perturbation, perturbedLength, perturbSound } from '../features/perturb-sound.js';
export { type PicturePatchOptions, patchWidth, picturePatches } from '../features/picture-patches.js';
export { type SoundFeatureStream, SoundFeatures, type SoundFeaturesOptions } from '../features/sound-features.js';
export type { LogMelOptions, LogMelSettings, WindowShape } from '../features/sound-options.js';
export { stackFrames } from '../features/stack-frames.js';
export { Standardizer, type StandardizerJson, standardizeSequence } from '../features/standardizer.js';
