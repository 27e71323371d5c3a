/** The labels of the most likely path, while frames are still arriving. */
import { type FrameScores, requireFrames } from './ctc-frames.js';
import { likeliestClass } from './ctc-greedy.js';

/** A label and the frame, counted from the first push, at which it begins. */
export interface StreamedLabel {
  readonly label: number;
  readonly begin: number;
}

/**
 * As `ctcGreedyDecode`, push by push; together the results are the labels of all frames. A label is returned with its
 * first frame.
 *
 * @example
 * const decoder = new CtcGreedyStream();
 * for await (const logits of pieces) for (const { label } of decoder.push({ scores: logits, classes: 29 })) say(label);
 */
export class CtcGreedyStream {
  #previous: number | undefined;
  #frames = 0;

  /**
   * Takes the scores of any number of next frames, and returns the labels that begin in them.
   *
   * @throws as `ctcGreedyDecode`; the decoder has not changed then
   */
  push(utterance: FrameScores): StreamedLabel[] {
    const frames = requireFrames(utterance);
    const likeliest = Array.from({ length: frames.count }, (_, frame) => likeliestClass(frames, frame));
    const labels: StreamedLabel[] = [];
    for (const [at, label] of likeliest.entries()) {
      const before = at === 0 ? this.#previous : likeliest[at - 1];
      if (label !== frames.blank && label !== before) labels.push({ label, begin: this.#frames + at });
    }
    this.#previous = likeliest.at(-1) ?? this.#previous;
    this.#frames += frames.count;
    return labels;
  }
}
