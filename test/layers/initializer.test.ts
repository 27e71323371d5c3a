import { describe, expect, it } from 'vitest';
import { OptionError } from '../../src/core/errors.js';
import { Random } from '../../src/core/random.js';
import {
  initialize,
  type ParameterRole,
  type ParameterShape,
  requireInitializer,
} from '../../src/layers/initializer.js';
import { orthogonal } from '../../src/layers/orthogonal.js';

const UNITS = 48;
const INPUTS = 32;
const CLASSES = 70;

/** Every parameter of embedding [40, 32], LSTM of 48 units, affine layer to 70 classes. */
function shapeOf(role: ParameterRole): ParameterShape {
  const lstm = { rows: 4 * UNITS, units: UNITS, gates: 4, forgetGate: 1 };
  const plain = { gates: 1, forgetGate: -1 };
  switch (role) {
    case 'embedding':
      return { role, rows: 40, columns: INPUTS, fanIn: 40, units: INPUTS, ...plain };
    case 'input':
      return { role, columns: INPUTS, fanIn: INPUTS, ...lstm };
    case 'recurrent':
      return { role, columns: UNITS, fanIn: UNITS, ...lstm };
    case 'inputBias':
    case 'recurrentBias':
      return { role, fanIn: UNITS, ...lstm, rows: 1, columns: 4 * UNITS };
    case 'dense':
      return { role, rows: CLASSES, columns: UNITS, fanIn: UNITS, units: CLASSES, ...plain };
    case 'denseBias':
      return { role, rows: 1, columns: CLASSES, fanIn: UNITS, units: CLASSES, ...plain };
  }
}

function fill(scheme: string, role: ParameterRole, seed = 1): Float32Array {
  const shape = shapeOf(role);
  const out = new Float32Array(shape.rows * shape.columns).fill(Number.NaN);
  initialize(scheme, out, shape, new Random(seed, role));
  return out;
}

/** Uniform within ±limit: nothing outside, and the mean and deviation that 5 standard errors allow. */
function expectUniform(values: Float32Array, limit: number): void {
  const { length } = values;
  for (const value of values) expect(Math.abs(value)).toBeLessThanOrEqual(limit * (1 + 1e-6));
  const mean = values.reduce((a, b) => a + b, 0) / length;
  const square = values.reduce((a, b) => a + b * b, 0) / length;
  expect(Math.abs(mean)).toBeLessThan((5 * limit) / Math.sqrt(3 * length));
  const deviationOfSquares = limit ** 2 * Math.sqrt(4 / 45);
  expect(Math.abs(square - limit ** 2 / 3)).toBeLessThan((5 * deviationOfSquares) / Math.sqrt(length));
}

/** Normal with this deviation: mean and mean square that 5 standard errors allow, and a tenth outside 1.64 deviations. */
function expectNormal(values: Float32Array, deviation: number): void {
  const { length } = values;
  const mean = values.reduce((a, b) => a + b, 0) / length;
  const square = values.reduce((a, b) => a + b * b, 0) / length;
  expect(Math.abs(mean)).toBeLessThan((5 * deviation) / Math.sqrt(length));
  expect(Math.abs(square / deviation ** 2 - 1)).toBeLessThan(5 * Math.sqrt(2 / length));
  const outside = values.filter((value) => Math.abs(value) > 1.6449 * deviation).length / length;
  expect(Math.abs(outside - 0.1)).toBeLessThan(5 * Math.sqrt(0.09 / length));
}

/** Every gate of a recurrent weight [4 * UNITS, UNITS] is an orthogonal matrix. */
function expectOrthogonalGates(values: Float32Array): void {
  const rowOf = (row: number) => values.subarray(row * UNITS, (row + 1) * UNITS);
  for (let gate = 0; gate < 4; gate++) {
    for (let a = 0; a < UNITS; a++) {
      for (let b = 0; b <= a; b++) {
        const [x, y] = [rowOf(gate * UNITS + a), rowOf(gate * UNITS + b)];
        const product = x.reduce((sum, value, k) => sum + value * (y[k] as number), 0);
        expect(Math.abs(product - (a === b ? 1 : 0))).toBeLessThan(1e-6);
      }
    }
  }
}

/** The parts of a bias [4 * UNITS] by gate: i f g o. */
const gatesOf = (bias: Float32Array) => [0, 1, 2, 3].map((gate) => [...bias.slice(gate * UNITS, (gate + 1) * UNITS)]);
const constant = (value: number) => new Array<number>(UNITS).fill(value);

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
    expectOrthogonalGates(fill('keras', 'recurrent'));
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
    for (const scheme of ['default', 'pytorch', 'keras', 'uniform:1', 'normal:1']) {
      expect(fill(scheme, 'recurrent')).toEqual(fill(scheme, 'recurrent'));
      expect(fill(scheme, 'recurrent', 2)).not.toEqual(fill(scheme, 'recurrent'));
    }
  });

  it.each([
    '',
    'xavier',
    'Default',
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
    'default,bias=0',
    'default,',
  ])("is refused, with what is allowed, when it is '%s'", (scheme) => {
    expect(() => requireInitializer(scheme)).toThrow(OptionError);
    expect(() => requireInitializer(scheme)).toThrow(/initializer '.*expected default, pytorch/);
  });

  it.each([undefined, null, 5, {}])('is refused when it is %s and no text', (scheme) => {
    expect(() => requireInitializer(scheme as never)).toThrow(expect.objectContaining({ code: 'invalid_option' }));
  });
});

describe('a random orthogonal matrix', () => {
  it.each([
    [6, 6],
    [3, 7],
    [7, 3],
    [1, 1],
  ])('of [%d, %d] has orthonormal rows, or columns where there are fewer of those', (rows, columns) => {
    const out = new Float32Array(rows * columns);
    orthogonal(out, rows, columns, new Random(1, 'orthogonal'));
    const at = (row: number, column: number) => out[row * columns + column] as number;
    const count = Math.min(rows, columns);
    for (let a = 0; a < count; a++) {
      for (let b = 0; b < count; b++) {
        let product = 0;
        for (let k = 0; k < Math.max(rows, columns); k++) {
          product += rows <= columns ? at(a, k) * at(b, k) : at(k, a) * at(k, b);
        }
        expect(Math.abs(product - (a === b ? 1 : 0))).toBeLessThan(1e-6);
      }
    }
  });
});
