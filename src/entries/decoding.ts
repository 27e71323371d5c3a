/**
 * `bptt/decoding`: from the outputs of a network to sequences of labels. Beam search over any step function; greedy and prefix
 * beam search for outputs of CTC, whole or as they arrive.
 */

export { type BeamHypothesis, type BeamSearchOptions, type BeamStep, beamSearch } from '../decoding/beam-search.js';
export type { ScoreKind } from '../decoding/best-continuations.js';
export {
  type CtcBeamSearchOptions,
  type CtcHypothesis,
  ctcBeamSearch,
  ctcBeamSearchSync,
  type LabelModel,
} from '../decoding/ctc-beam-search.js';
export type { FrameScores } from '../decoding/ctc-frames.js';
export { ctcGreedyDecode, type DecodedLabel } from '../decoding/ctc-greedy.js';
export { CtcGreedyStream, type StreamedLabel } from '../decoding/ctc-greedy-stream.js';
export type { LengthPenalty } from '../decoding/length-penalty.js';
