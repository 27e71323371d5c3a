import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { network, sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { concatenate } from '../../src/network/layers/layers.js';
import { gru, lstm } from '../../src/network/layers/recurrent.js';
import { momentum } from '../../src/network/optimizers/optimizer.js';
import { encoderDecoder } from './encoder-decoder-models.js';

const chain = sequential([
  embedding({ size: 1200, units: 128 }),
  lstm({ units: 64, layers: 2, direction: 'bidirectional', output: 'last' }),
  dense({ units: 3 }),
]);

const TABLE = [
  'name       kind                           output                 parameters',
  '───────────────────────────────────────────────────────────────────────────',
  'input      input, ids below 1,200         [N]',
  'embedding  embedding                      [N, 128]                  153,600',
  'lstm       lstm, 2 layers, bidirectional  [B, 128] per sequence     198,656',
  'dense      dense                          [B, 3] per sequence           387',
  '───────────────────────────────────────────────────────────────────────────',
  'parameters  352,643 (1.41 MB)',
];

describe('the summary', () => {
  it('of a network says what is known before it is compiled', () => {
    expect(chain.summary().split('\n')).toEqual([...TABLE, 'compiled    no']);
  });

  it('of a model says the same and what it is compiled with', () => {
    const model = chain.compileSync({ optimizer: momentum({ learningRate: 0.05 }), threads: 1 });
    const lines = model.summary().split('\n');
    expect(lines.slice(0, TABLE.length)).toEqual(TABLE);
    const known = lines.slice(TABLE.length);
    expect(known[0]).toMatch(
      /^memory {6}4\.23 MB planned \(parameters 1\.41 MB, gradients 1\.41 MB, optimizer 1\.41 MB,$/,
    );
    expect(known[1]).toBe('            programs 0 bytes)');
    expect(known[2]).toBe('loss        softmaxCrossEntropy');
    expect(known[3]).toMatch(/^optimizer {3}sgd \(learningRate 0\.05, /);
    expect(known[4]).toBe('trained     0 steps');
    expect(model.parameterCount).toBe(352_643);
    model.trainStepSync({ inputs: [[1, 2]], targets: [0] });
    expect(model.summary()).toContain('trained     1 step');
    expect(model.summary()).not.toContain('programs 0 bytes');
  });

  it('is what the console shows, short where it is deep inside', () => {
    const model = chain.compileSync({ threads: 1 });
    expect(inspect(model)).toBe(`Model\n${model.summary()}`);
    expect(inspect(chain)).toBe(`Network\n${chain.summary()}`);
    expect(inspect({ a: { b: { model } } }, { depth: 1 })).not.toContain('parameters');
    expect(inspect([[model]], { depth: 1 })).toContain('[Model]');
  });

  it('of several axes, inputs and outputs names them', () => {
    const lines = encoderDecoder().summary().split('\n');
    expect(lines[0]).toMatch(/^name +kind +reads +output +axis +parameters$/);
    expect(lines).toContainEqual(
      expect.stringMatching(/^encoder +gru, bidirectional +sourceEmbedding +\[N, 12\] +source +468$/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^decoder +gru +embedding, h_l0=hBri… +\[N, 6\] +time +252$/));
    const model = network({
      inputs: { input: { kind: 'features', units: 3 } },
      nodes: [
        { name: 'gru', layer: gru({ units: 4 }), inputs: ['input'] },
        { name: 'dense', layer: dense({ units: 3 }), inputs: ['gru'] },
        { name: 'band', layer: dense({ units: 2 }), inputs: ['gru.h_l0'] },
      ],
      outputs: { tag: 'dense', band: 'band' },
    }).compileSync({
      losses: { tag: 'meanSquaredError', band: { kind: 'quantile', levels: [0.1, 0.5] } },
      lossWeights: { tag: 0.5 },
      threads: 1,
    });
    expect(model.summary()).toContain('\noutputs     tag (dense), band\n');
    expect(model.summary()).toContain('\nloss        tag meanSquaredError x 0.5, band quantile (levels 0.1 0.5)\n');
  });

  it('fits into 100 columns, whatever the names are', () => {
    const long =
      'a name that goes on and on, because nobody has told it to stop before the end of the line, and no one will';
    const model = network({
      inputs: { input: { kind: 'features', units: 3 } },
      nodes: [
        { name: long, layer: gru({ units: 4 }), inputs: ['input'] },
        { name: `${long}!`, layer: concatenate(), inputs: ['input', long] },
      ],
      outputs: { [long]: `${long}!` },
    }).compileSync({ losses: { [long]: 'meanSquaredError' }, threads: 1 });
    const lines = [...model.summary().split('\n'), ...encoderDecoder().summary().split('\n')];
    expect(Math.max(...lines.map((line) => line.length))).toBe(100);
    expect(lines.find((line) => line.includes('concatenate'))).toMatch(
      /^a name.*… {2}concatenate +input, a name.*… {2}\[N, 7\] +0$/,
    );
  });

  it('of layers that do not fit together says why, and throws nothing', () => {
    const wrong = network({
      inputs: { input: { kind: 'features', units: 3 } },
      nodes: [
        { name: 'gru', layer: gru({ units: 4, output: 'last' }), inputs: ['input'] },
        { name: 'again', layer: lstm({ units: 4 }), inputs: ['gru'] },
      ],
      output: 'again',
    });
    expect(() => wrong.compileSync({ loss: 'meanSquaredError' })).toThrow();
    const text = inspect(wrong);
    expect(text).toMatch(/\nagain +lstm +\? +\?\n/);
    expect(text).toMatch(/\nerror +\S/);
    expect(text).toContain('\ncompiled  no');
  });
});
