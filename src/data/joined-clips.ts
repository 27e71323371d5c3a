/** Long recordings made by joining short clips, drawn again in every epoch. */
import { requireList, requireObject } from '../core/arguments.js';
import { groupBy } from '../core/group-by.js';
import { Random } from '../core/random.js';
import { TimeSlices } from '../core/time-slices.js';
import { drawPerturbation, type Perturbation, perturbedLength, perturbSound } from '../features/perturb-sound.js';
import type { EpochOrder, Examples } from './examples.js';

/** A clip that can be joined. */
export interface JoinableClip {
  readonly samples: Float32Array;
  readonly text: string;
  /** Clips of two speakers are never joined. */
  readonly speaker: string | undefined;
  /** What it counts for in a loss; all clips have a weight, or none. */
  readonly weight?: number;
}

/** A joined sound: clips one after the other. */
export interface ClipString {
  readonly clips: readonly JoinableClip[];
  /** Samples of silence after each clip, none after the last. */
  readonly gaps: readonly number[];
  /** The change of the sound of all clips. */
  readonly change: Perturbation | undefined;
}

/** The sound of joined clips, and its text. */
export interface JoinedClips {
  readonly samples: Float32Array;
  readonly text: string;
  /** The mean of the weights of the clips, if they have any. */
  readonly weight?: number;
  readonly speaker: string | undefined;
  /**
   * What the sound is made of: a clip that is neither joined nor changed, or a fixed string. The same object always has the same
   * sound. Missing where the sound is not made a second time.
   */
  readonly source: object | undefined;
}

/** The text of joined clips. */
export function textOf({ clips }: ClipString): string {
  return clips.map(({ text }) => text).join(' ');
}

/** The options of joining. */
export interface JoinOptions {
  /** Number of joined sounds in an epoch, integer >= 1. */
  readonly count: number;
  /** Fewest and most clips of a joined sound, integers >= 1. */
  readonly fewest: number;
  readonly most: number;
  /** Most samples of silence between two clips, integer >= 0. */
  readonly silence: number;
  /** The strength of the change of sounds, in [0, 1]: `drawPerturbation`. */
  readonly perturb: number;
  readonly seed: number;
  /** Seeds the random numbers, so that different parts get different joined sounds from the same clips. */
  readonly part: string;
}

/** Number of samples of a joined sound. */
export function samplesIn({ clips, gaps, change }: ClipString): number {
  const silence = gaps.reduce((sum, gap) => sum + gap, 0);
  const whole = clips.reduce((sum, { samples }) => sum + samples.length, silence);
  return change === undefined ? whole : perturbedLength(whole, change);
}

/** The samples of a joined sound. */
export function soundOf(string: ClipString): Float32Array {
  const { clips, gaps, change } = string;
  const samples = new Float32Array(samplesIn({ ...string, change: undefined }));
  let at = 0;
  for (const [index, clip] of clips.entries()) {
    samples.set(clip.samples, at);
    at += clip.samples.length + (gaps[index] ?? 0);
  }
  return change === undefined ? samples : perturbSound(samples, change);
}

/**
 * Joined sounds, each of clips of one speaker. The first clip of joined sound n of an epoch is the next one of all
 * clips in random order, so that all clips occur equally often. The other clips are drawn from the clips of its
 * speaker. Each joined sound is a function of (seed, part, epoch, number).
 *
 * @param epoch seeds the joined sounds; without it they are the fixed ones
 */
export function joinClips(clips: readonly JoinableClip[], options: JoinOptions, epoch?: number): ClipString[] {
  requireList('clips', clips);
  const { count, fewest, most, silence, perturb, seed, part } = requireObject('the options of strings', options);
  const speakers = groupBy(clips, (clip) => requireObject('a clip', clip).speaker);
  const name = `strings/${part}/${epoch ?? 'fixed'}`;
  const turnOf = turns(clips.length, seed, `${part}/turns`);
  return Array.from({ length: count }, (_, number) => {
    const random = new Random(seed, `${name}/${number}`);
    const first = clips[turnOf((epoch ?? 0) * count + number)] as JoinableClip;
    const own = speakers.get(first.speaker) as readonly JoinableClip[];
    const length = fewest + random.integer(most - fewest + 1);
    const rest = Array.from({ length: length - 1 }, () => own[random.integer(own.length)] as JoinableClip);
    const gaps = rest.map(() => random.integer(silence + 1));
    const change = perturb === 0 ? undefined : drawPerturbation(random, perturb);
    return { clips: [first, ...rest], gaps, change };
  });
}

/** The next clip in turn: every round goes through all clips in a new random order. */
function turns(clips: number, seed: number, name: string): (turn: number) => number {
  const rounds = new Map<number, Int32Array>();
  return (turn) => {
    const round = Math.floor(turn / clips);
    let order = rounds.get(round);
    if (order === undefined) {
      order = new Random(seed, `${name}/${round}`).shuffle(Int32Array.from({ length: clips }, (_, at) => at));
      rounds.set(round, order);
    }
    return order[turn % clips] as number;
  };
}

/** The mean of the weights of joined clips; undefined where they have none. */
export function weightOf({ clips }: ClipString): number | undefined {
  const weights = clips.flatMap(({ weight }) => (weight === undefined ? [] : [weight]));
  return weights.length === 0 ? undefined : weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
}

function meanWeight(string: ClipString): Pick<JoinedClips, 'weight'> {
  const weight = weightOf(string);
  return weight === undefined ? {} : { weight };
}

/**
 * Joined sounds as examples. Each is made when a batch needs it, in slices of time between which the event loop runs.
 *
 * @param options.isFixed whether every epoch has the same ones
 * @param stepsOf steps of an example with this number of samples
 * @param exampleOf may keep what it computes by the `source`
 */
export function stringExamples<E>(
  clips: readonly JoinableClip[],
  options: JoinOptions & { readonly isFixed: boolean },
  stepsOf: (samples: number) => number,
  exampleOf: (string: JoinedClips) => E,
): Examples<E> {
  const make = (string: ClipString): E => {
    const [first] = string.clips;
    const about = { text: textOf(string), speaker: first?.speaker, ...meanWeight(string) };
    if (string.clips.length === 1 && string.change === undefined && first !== undefined) {
      return exampleOf({ ...about, samples: first.samples, source: first });
    }
    return exampleOf({ ...about, samples: soundOf(string), source: options.isFixed ? string : undefined });
  };
  const examplesOf = (strings: readonly ClipString[]): Examples<E> => ({
    count: strings.length,
    lengthOf: (index) => stepsOf(samplesIn(strings[index] as ClipString)),
    read: (indices) => inSlices(indices, (index) => make(strings[index] as ClipString)),
  });
  const fixed = examplesOf(joinClips(clips, options));
  if (options.isFixed) return fixed;
  const inEpoch = ({ seed, epoch }: EpochOrder) => examplesOf(joinClips(clips, { ...options, seed }, epoch));
  return { ...fixed, inEpoch };
}

async function inSlices<E>(indices: Int32Array, make: (index: number) => E): Promise<E[]> {
  const slices = new TimeSlices();
  const examples: E[] = [];
  for (const index of indices) {
    if (slices.isOver) await slices.pause();
    examples.push(make(index));
  }
  return examples;
}
