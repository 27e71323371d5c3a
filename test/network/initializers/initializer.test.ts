import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../src/core/errors.js';
import { requireInitializer } from '../../../src/network/initializers/initializer.js';
import {
  CLASSES,
  constant,
  expectNormal,
  expectOrthogonal,
  expectOrthogonalGates,
  expectUniform,
  fill,
  gatesOf,
  INPUTS,
  PROJECTED,
  UNITS,
} from '../layers/initial-values.js';

const DRAWN = [
  'default',
  'pytorch',
  'keras',
  'xavier',
  'xavier-normal',
  'he',
  'he-normal',
  'orthogonal',
  'uniform:1',
  'normal:1',
];

describe('the default scheme', () => {
  it('draws embeddings from N(0, 1) and affine layers as PyTorch', () => {
    expectNormal(fill('default', 'embedding'), 1);
    expectUniform(fill('default', 'dense'), 1 / Math.sqrt(UNITS));
    expectUniform(fill('default', 'denseBias'), 1 / Math.sqrt(UNITS));
  });

  it('draws input weights as Xavier gate by gate and recurrent ones orthogonal', () => {
    expectUniform(fill('default', 'input'), Math.sqrt(6 / (INPUTS + UNITS)));
    expectOrthogonalGates(fill('default', 'recurrent'));
  });

  it('opens the forget gate by 1 and leaves all other recurrent biases at 0', () => {
    expect(gatesOf(fill('default', 'inputBias'))).toEqual([constant(0), constant(1), constant(0), constant(0)]);
    expect(gatesOf(fill('default', 'recurrentBias'))).toEqual([0, 0, 0, 0].map(constant));
  });
});

describe('the pytorch scheme', () => {
  it('draws everything as torch.nn does', () => {
    expectNormal(fill('pytorch', 'embedding'), 1);
    for (const role of ['input', 'recurrent', 'inputBias', 'recurrentBias'] as const) {
      expectUniform(fill('pytorch', role), 1 / Math.sqrt(UNITS));
    }
    expectUniform(fill('pytorch', 'dense'), 1 / Math.sqrt(UNITS));
    expectUniform(fill('pytorch', 'denseBias'), 1 / Math.sqrt(UNITS));
  });
});

describe('the keras scheme', () => {
  it('draws everything as Keras does', () => {
    expectUniform(fill('keras', 'embedding'), 0.05);
    expectUniform(fill('keras', 'input'), Math.sqrt(6 / (INPUTS + 4 * UNITS)));
    expectOrthogonal(fill('keras', 'recurrent'), 4 * UNITS, UNITS);
    expectOrthogonal(fill('keras', 'recurrent', 1, { columns: PROJECTED }), 4 * UNITS, PROJECTED);
    expect(gatesOf(fill('keras', 'inputBias'))).toEqual([constant(0), constant(1), constant(0), constant(0)]);
    expect(gatesOf(fill('keras', 'recurrentBias'))).toEqual([0, 0, 0, 0].map(constant));
    expectUniform(fill('keras', 'dense'), Math.sqrt(6 / (UNITS + CLASSES)));
    expect(fill('keras', 'denseBias')).toEqual(new Float32Array(CLASSES));
  });
});

describe('the uniform and normal schemes', () => {
  it('draw every parameter from U(-x, x)', () => {
    for (const role of ['embedding', 'input', 'recurrent', 'inputBias', 'dense', 'denseBias'] as const) {
      expectUniform(fill('uniform:0.1', role), 0.1);
    }
  });

  it('draw every weight from N(0, x²) and leave biases at 0', () => {
    for (const role of ['embedding', 'input', 'recurrent', 'dense'] as const)
      expectNormal(fill('normal:0.2', role), 0.2);
    for (const role of ['inputBias', 'denseBias'] as const) {
      expect(new Set(fill('normal:0.2', role).map(Math.abs))).toEqual(new Set([0]));
    }
  });
});

describe('modifiers of a scheme', () => {
  it('add to the bias of the forget gate, to one of both biases', () => {
    const plain = gatesOf(fill('pytorch', 'inputBias'));
    const open = gatesOf(fill('pytorch,forget=2', 'inputBias'));
    for (const gate of [0, 2, 3]) expect(open[gate]).toEqual(plain[gate]);
    expect(open[1]).toEqual(plain[1]?.map((value) => Math.fround(value + 2)));
    expect(fill('pytorch,forget=2', 'recurrentBias')).toEqual(fill('pytorch', 'recurrentBias'));
    expect(gatesOf(fill('default,forget=-0.5', 'inputBias'))[1]).toEqual(constant(-0.5));
  });

  it('set the deviation of embeddings alone', () => {
    expectNormal(fill('uniform:0.1, forget=1, embedding=0.02', 'embedding'), 0.02);
    expectUniform(fill('uniform:0.1,embedding=0.02', 'recurrent'), 0.1);
  });
});

describe('a scheme', () => {
  it('gives the same numbers for the same seed and others for another', () => {
    for (const scheme of DRAWN) {
      expect(fill(scheme, 'recurrent')).toEqual(fill(scheme, 'recurrent'));
      expect(fill(scheme, 'recurrent', 2)).not.toEqual(fill(scheme, 'recurrent'));
    }
  });

  it.each([
    '',
    'Xavier',
    'Default',
    'toString',
    'xavier:1',
    'he:2',
    'orthogonal:',
    'orthogonal:-1',
    'identity:x',
    'uniform:1:2',
    'normal:1,forget=1=2',
    'default:1',
    'uniform',
    'uniform:',
    'uniform:x',
    'uniform:-1',
    'normal:NaN',
    'normal:Infinity',
    'default,forget',
    'default,forget=',
    'default,forget=one',
    'default,embedding=-1',
    'default,bias',
    'default,bias=Infinity',
    'default,dense=he',
    'default,recurrent',
    'default,recurrent=',
    'default,recurrent=glorot',
    'default,recurrent=uniform',
    'default,input=he:1',
    'default,input=identity',
    'default,',
  ])("is refused, with what is allowed, when it is '%s'", (scheme) => {
    expect(() => requireInitializer(scheme)).toThrow(OptionError);
    expect(() => requireInitializer(scheme)).toThrow(expect.objectContaining({ code: 'invalid_option' }));
    expect(() => requireInitializer(scheme)).toThrow(/xavier, .*orthogonal:GAIN, .*,recurrent=SCHEME/);
    expect(() => requireInitializer(scheme)).toThrow(/initializer '.*expected default, pytorch/);
  });

  it.each([undefined, null, 5, {}])('is refused when it is %s and no text', (scheme) => {
    expect(() => requireInitializer(scheme as never)).toThrow(expect.objectContaining({ code: 'invalid_option' }));
  });
});
