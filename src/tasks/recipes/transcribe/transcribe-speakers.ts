/** Mean and deviation of the features of each speaker. */
import { TimeSlices } from '../../../core/time-slices.js';
import { ColumnStatistics } from '../../../features/column-statistics.js';
import { Standardizer } from '../../../features/standardizer.js';
import type { SoundEncoder } from './transcribe-sound.js';

/** What is known of a recording. */
interface Spoken {
  readonly samples: Float32Array;
  readonly speaker: string | undefined;
}

/** The scales of the speakers of a part; recordings without a speaker are scaled by themselves. */
export class SpeakerScales {
  readonly #scales: ReadonlyMap<string, Standardizer>;

  private constructor(scales: ReadonlyMap<string, Standardizer>) {
    this.#scales = scales;
  }

  /**
   * The scales of all speakers of recordings, computed in slices of time; undefined where features are not scaled by speakers.
   *
   * @param framesOf the frames of a recording; default: they are extracted
   */
  static async of<C extends Spoken>(
    encoder: SoundEncoder,
    clips: readonly C[],
    framesOf = ({ samples }: C) => encoder.extract(samples),
  ): Promise<SpeakerScales | undefined> {
    if (encoder.normalization !== 'speaker') return undefined;
    const statistics = new Map<string, ColumnStatistics>();
    const slices = new TimeSlices();
    for (const clip of clips) {
      const { speaker } = clip;
      if (speaker === undefined) continue;
      if (slices.isOver) await slices.pause();
      const own = statistics.get(speaker) ?? new ColumnStatistics(encoder.frameWidth);
      statistics.set(speaker, own);
      own.add(framesOf(clip));
    }
    return new SpeakerScales(new Map([...statistics].map(([speaker, own]) => [speaker, Standardizer.of(own)])));
  }

  /** The scale of a speaker. */
  scaleOf(speaker: string | undefined): Standardizer | undefined {
    return speaker === undefined ? undefined : this.#scales.get(speaker);
  }
}
