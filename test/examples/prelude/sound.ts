/** The names that examples of sound and of connectionist temporal classification use without declaring them. */
import { Random } from 'bptt';

const random = new Random(1, 'sound');
const numbers = (length: number) => Float32Array.from({ length }, () => random.normal());

/** Half a second. */
export const samples = Float32Array.from({ length: 4000 }, (_, at) => 0.5 * Math.sin(at / 5));
/** Scores of 20 frames for 29 classes; and in pieces. */
export const logits = numbers(20 * 29);
export const pieces = [numbers(5 * 29), numbers(29)];
/** Rows of 13 features. */
export const trainingSequences = [numbers(40 * 13), numbers(25 * 13)];
export const testSequences = [numbers(30 * 13)];

export const said: number[] = [];
export const say = (label: number) => said.push(label);
