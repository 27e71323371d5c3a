/** The labels of the most likely path. */
import { NumericError } from '../core/errors.js';
import { type FrameScores, type Frames, requireFrames } from './ctc-frames.js';

/** One label and the frames [begin, end) of the path that have it. */
export interface DecodedLabel {
  readonly label: number;
  readonly begin: number;
  readonly end: number;
}

/**
 * The most likely class of a frame; of equal ones the first. @throws {NumericError} `non_finite_output` for a score
 * that is NaN
 */
export function likeliestClass({ scores, classes }: Frames, frame: number): number {
  let best = 0;
  for (let c = 0; c < classes; c++) {
    const score = scores[frame * classes + c] as number;
    if (Number.isNaN(score)) {
      throw new NumericError('non_finite_output', `the score of class ${c} at frame ${frame} is NaN`, {
        frame,
        class: c,
      });
    }
    if (score > (scores[frame * classes + best] as number)) best = c;
  }
  return best;
}

/**
 * Takes the most likely class of each frame, merges repeats and removes blanks. The result has the most likely path,
 * but not always the most likely labels, because several paths give the same labels.
 *
 * @throws {OptionError} `invalid_option`
 * @throws {ShapeError} `rank_mismatch`, `length_mismatch`
 * @throws {NumericError} `non_finite_output` for a score that is NaN
 * @example const labels = ctcGreedyDecode({ scores: logits, classes: 29 }).map(({ label }) => label);
 */
export function ctcGreedyDecode(utterance: FrameScores): DecodedLabel[] {
  const frames = requireFrames(utterance);
  const { blank, count } = frames;
  const labels: { label: number; begin: number; end: number }[] = [];
  let previous = blank;
  for (let frame = 0; frame < count; frame++) {
    const best = likeliestClass(frames, frame);
    const last = labels.at(-1);
    if (best !== blank && best === previous && last !== undefined) last.end = frame + 1;
    else if (best !== blank) labels.push({ label: best, begin: frame, end: frame + 1 });
    previous = best;
  }
  return labels;
}
