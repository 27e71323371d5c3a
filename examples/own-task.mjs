/**
 * A task of one's own: the next reading of a sensor, learnt from noisy sines. docs/tasks/own-task.md explains it.
 *
 *   npx bptt train ./own-task.mjs --out runs/sine
 *   npx bptt eval runs/sine --task ./own-task.mjs
 *   npx bptt predict runs/sine --task ./own-task.mjs '[0, 0.5, 0.87, 1, 0.87, 0.5]'
 *
 * Without --data the readings are made here; with it they are JSON lines such as {"input": [0.1, 0.4, ...]}.
 */
import { dense, Random, sequential } from 'bptt';
import { readJsonLines } from 'bptt/data';
import { commonOptions, defineTask, numberOption, outputsOf, recurrentBody, splitParts } from 'bptt/tasks';

const count = { integer: true, min: 1 };

const options = {
  ...commonOptions({ cell: 'gru', units: 24, epochs: 8, batch: 16, learningRate: 1e-2, schedule: 'cosine' }),
  series: numberOption(count, { description: 'series to make, without data', default: 600 }),
  steps: numberOption(count, { description: 'readings of each, without data', default: 40 }),
  noise: numberOption({ min: 0 }, { description: 'standard deviation of the noise, without data', default: 0.1 }),
};

/** Readings of a sine with a period and a phase of its own. */
function wave({ seed, steps, noise }, number) {
  const random = new Random(seed, `series/${number}`);
  const [period, phase] = [8 + 16 * random.uniform(), 2 * Math.PI * random.uniform()];
  const reading = (step) => Math.sin((2 * Math.PI * step) / period + phase) + noise * random.normal();
  return Float32Array.from({ length: steps + 1 }, (_, step) => reading(step));
}

/** The target of each reading is the next one. */
const exampleOf = (readings) => ({ input: readings.slice(0, -1), target: readings.slice(1) });

/** The series of a file of JSON lines; of each reading but the last the next one is known. */
const readSeries = (file) => readJsonLines(file, (row) => exampleOf(row.rows('input')));

export const sine = defineTask({
  name: 'sine',
  summary: 'the next reading of a sensor, from noisy sines',
  options,
  loss: 'meanSquaredError',

  async read(given) {
    const made = () => Array.from({ length: given.series }, (_, number) => exampleOf(wave(given, number)));
    return splitParts(given.data === undefined ? made() : await readSeries(given.data), given, {
      readFile: readSeries,
    });
  },

  network: (given) => sequential([...recurrentBody(given, 'none'), dense({ units: 1 })], { features: 1 }),

  /** The error of the model, and that of saying the last reading again. */
  async evaluate(model, part, { signal }) {
    const squares = { model: 0, last: 0 };
    let readings = 0;
    for await (const { example, output } of outputsOf(model, part, undefined, signal)) {
      for (const [step, next] of example.target.entries()) {
        squares.model += (output[step] - next) ** 2;
        squares.last += (example.input[step] - next) ** 2;
        readings += 1;
      }
    }
    const root = (sum) => Math.sqrt(sum / readings);
    return { rmse: root(squares.model), lastReading: root(squares.last), readings };
  },
  score: ({ rmse }) => rmse,
  describe: ({ rmse, lastReading }) =>
    `RMSE ${rmse.toFixed(4)}  saying the last reading again ${lastReading.toFixed(4)}`,
});
