import { describe, expect, it } from 'vitest';
import { batchNormalization } from '../../src/network/layers/batch-normalization.js';
import { float32Epsilon, tolerance } from '../oracle/tolerance.js';
import { expectAgreement } from './agreement.js';
import { LayerProgram } from './layer-program.js';
import { type Golden, loadGoldens } from './load.js';

type NormalizationGolden = Golden<'batchNormalization'>;
type Statistics = Readonly<Record<'running_mean' | 'running_var', ArrayLike<number>>>;

const STATISTICS = ['running_mean', 'running_var'] as const;

interface Run {
  readonly precision: 'float32' | 'float64';
  readonly threads: number;
  readonly training: boolean;
}

/** A run on the rows of a step, with the running statistics from before it. */
function run(golden: NormalizationGolden, step: number, before: Statistics, settings: Run): LayerProgram {
  const { columns, epsilon, momentum, affine } = golden.options;
  const layer = batchNormalization({ epsilon, momentum, affine });
  const program = new LayerProgram(layer, columns, golden.int32(`batchSizes/${step}`), settings);
  const rows = golden.float32(`x/${step}`);
  program.write('x', rows);
  for (const name of STATISTICS) program.write(`${name}/before`, before[name]);
  if (momentum === null && settings.training) program.write('num_batches_tracked/before', [step]);
  if (affine) for (const name of ['weight', 'bias']) program.write(name, golden.float32(name));
  program.write('upstream/y', step === 0 ? golden.float32('dy') : rows);
  program.run();
  return program;
}

describe.each(loadGoldens('batchNormalization').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  const { columns, affine, lengths, momentum } = golden.options;

  it.each([
    ['float32', 1],
    ['float32', 3],
    ['float64', 1],
  ] as const)(
    'gives outputs, gradients and running statistics of PyTorch over all valid rows in %s on %i threads',
    (precision, threads) => {
      const agrees = (name: string, actual: ArrayLike<number>) => {
        const backward = name.startsWith('gradient/');
        const rows = golden.float32('dy').length / columns;
        const relative = precision === 'float64' ? float32Epsilon / 2 : tolerance({ terms: rows, backward });
        expectAgreement(name, actual, golden.tensor(name), relative);
      };
      const compared: string[] = [];
      const compare = (name: string, actual: ArrayLike<number>) => {
        compared.push(name);
        agrees(name, actual);
      };
      let before: Statistics = {
        running_mean: new Float32Array(columns),
        running_var: new Float32Array(columns).fill(1),
      };
      for (const step of lengths.keys()) {
        const program = run(golden, step, before, { precision, threads, training: true });
        compare(`y/${step}`, program.read('y'));
        for (const name of STATISTICS) compare(`${name}/${step}`, program.read(`${name}/after`));
        if (momentum === null) expect([...program.read('num_batches_tracked/after')]).toEqual([step + 1]);
        if (step === 0) {
          for (const name of affine ? ['x', 'weight', 'bias'] : ['x']) {
            compare(`gradient/${name}`, program.read(`gradient/${name}`));
          }
        }
        before = { running_mean: program.read('running_mean/after'), running_var: program.read('running_var/after') };
      }
      const evaluation = run(golden, 0, before, { precision, threads, training: false });
      compare('y/evaluation', evaluation.read('y'));
      expect(compared.sort()).toEqual([...golden.results.keys()].sort());
    },
  );
});
