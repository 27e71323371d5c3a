import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { initialize, type ParameterRole, type ParameterShape } from '../../../src/network/initializers/initializer.js';
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

const BIASES = ['inputBias', 'recurrentBias', 'denseBias'] as const;

function expectConstant(values: Float32Array, value: number): void {
  expect(new Set(values)).toEqual(new Set([Math.fround(value)]));
}

describe('schemes named after a paper', () => {
  it.each(['xavier', 'xavier-normal', 'he', 'he-normal', 'orthogonal:2', 'identity'])(
    '%s draws embeddings from N(0, 1) and leaves biases at 0',
    (scheme) => {
      expectNormal(fill(scheme, 'embedding'), 1);
      for (const role of BIASES) expectConstant(fill(scheme, role), 0);
    },
  );

  it('xavier counts the inputs of a row and the units of one gate', () => {
    expectUniform(fill('xavier', 'input'), Math.sqrt(6 / (INPUTS + UNITS)));
    expectUniform(fill('xavier', 'recurrent'), Math.sqrt(6 / (UNITS + UNITS)));
    expectUniform(fill('xavier', 'recurrent', 1, { columns: PROJECTED }), Math.sqrt(6 / (PROJECTED + UNITS)));
    expectUniform(fill('xavier', 'projection'), Math.sqrt(6 / (UNITS + PROJECTED)));
    expectUniform(fill('xavier', 'dense'), Math.sqrt(6 / (UNITS + CLASSES)));
  });

  it('xavier-normal has the same variances', () => {
    expectNormal(fill('xavier-normal', 'input'), Math.sqrt(2 / (INPUTS + UNITS)));
    expectNormal(fill('xavier-normal', 'recurrent'), Math.sqrt(2 / (UNITS + UNITS)));
    expectNormal(fill('xavier-normal', 'dense'), Math.sqrt(2 / (UNITS + CLASSES)));
  });

  it('he has the variance 2 / inputs, whichever the distribution', () => {
    for (const [role, inputs] of [
      ['input', INPUTS],
      ['recurrent', UNITS],
      ['projection', UNITS],
      ['dense', UNITS],
    ] as const) {
      expectUniform(fill('he', role), Math.sqrt(6 / inputs));
      expectNormal(fill('he-normal', role), Math.sqrt(2 / inputs));
    }
  });

  it('orthogonal makes every gate of every weight a multiple of an orthogonal matrix', () => {
    for (const [scheme, gain] of [
      ['orthogonal', 1],
      ['orthogonal:1.5', 1.5],
    ] as const) {
      expectOrthogonalGates(fill(scheme, 'input'), INPUTS, gain);
      expectOrthogonalGates(fill(scheme, 'recurrent'), UNITS, gain);
      expectOrthogonalGates(fill(scheme, 'recurrent', 1, { columns: PROJECTED }), PROJECTED, gain);
      expectOrthogonalGates(fill(scheme, 'recurrent', 1, { columns: 2 * UNITS }), 2 * UNITS, gain);
      expectOrthogonal(fill(scheme, 'projection'), PROJECTED, UNITS, gain);
      expectOrthogonal(fill(scheme, 'dense'), CLASSES, UNITS, gain);
    }
  });

  it('identity puts the scale on the diagonal of every gate, and draws the other weights from N(0, 0.001²)', () => {
    for (const [scheme, scale] of [
      ['identity', 1],
      ['identity:0.5', 0.5],
      ['identity:-2', -2],
    ] as const) {
      for (const columns of [UNITS, PROJECTED, UNITS + 5]) {
        const values = fill(scheme, 'recurrent', 1, { columns });
        const wanted = Float32Array.from(values, (_, e) =>
          Math.floor(e / columns) % UNITS === e % columns ? scale : 0,
        );
        expect(values).toEqual(wanted);
      }
    }
    for (const role of ['input', 'dense', 'projection'] as const) expectNormal(fill('identity:0.5', role), 0.001);
  });
});

describe('parameters beside weights and biases', () => {
  it.each(['default', 'pytorch', 'keras', 'orthogonal:3', 'identity', 'uniform:0.1', 'normal:0', 'he,bias=2'])(
    'begin, for gains and shifts, at 1 and 0 with %s',
    (scheme) => {
      expectConstant(fill(scheme, 'gain'), 1);
      expectConstant(fill(scheme, 'shift'), 0);
    },
  );

  it('begin, for peepholes, at 0 unless the scheme is one for everything', () => {
    for (const scheme of ['default', 'keras', 'xavier', 'he-normal', 'orthogonal', 'identity']) {
      expectConstant(fill(scheme, 'peephole'), 0);
    }
    expectUniform(fill('pytorch', 'peephole'), 1 / Math.sqrt(UNITS));
    expectUniform(fill('uniform:0.3', 'peephole'), 0.3);
    expectNormal(fill('normal:0.3', 'peephole'), 0.3);
  });

  it('are drawn, for projections, as input weights', () => {
    expectUniform(fill('default', 'projection'), Math.sqrt(6 / (UNITS + PROJECTED)));
    expectUniform(fill('keras', 'projection'), Math.sqrt(6 / (UNITS + PROJECTED)));
    expectUniform(fill('pytorch', 'projection'), 1 / Math.sqrt(UNITS));
    expectUniform(fill('uniform:0.3', 'projection'), 0.3);
    expectNormal(fill('normal:0.3', 'projection'), 0.3);
  });
});

describe('modifiers for one kind of parameter', () => {
  const ROLES: ParameterRole[] = ['embedding', 'input', 'recurrent', 'dense', 'peephole', 'projection', ...BIASES];

  it.each([
    ['xavier', 'recurrent=orthogonal:0.9', ['recurrent']],
    ['uniform:0.1', 'recurrent=identity:0.5', ['recurrent']],
    ['default', 'recurrent=keras', ['recurrent']],
    ['keras', 'input=he-normal', ['input', 'projection']],
    ['pytorch', 'bias=0.25', BIASES],
    ['normal:0.1', 'embedding=0.3', ['embedding']],
  ] as const)('%s,%s changes what it names and no bit of the rest', (scheme, modifier, changed) => {
    for (const role of ROLES) {
      const plain = fill(scheme, role);
      const modified = fill(`${scheme},${modifier}`, role);
      const [key, value] = modifier.split('=') as [string, string];
      if (!(changed as readonly string[]).includes(role)) expect(modified, role).toEqual(plain);
      else if (key === 'recurrent' || key === 'input') expect(modified, role).toEqual(fill(value, role));
      else expect(modified, role).not.toEqual(plain);
    }
  });

  it('set both recurrent biases so that their sum is the number', () => {
    expectConstant(fill('pytorch,bias=0.25', 'inputBias'), 0.25);
    expectConstant(fill('pytorch,bias=0.25', 'recurrentBias'), 0);
    expectConstant(fill('pytorch,bias=0.25', 'denseBias'), 0.25);
  });

  it('combine, in any order', () => {
    const scheme = 'uniform:0.1,forget=1,bias=-0.5,recurrent=orthogonal,input=normal:0.2,embedding=0.3';
    expect(gatesOf(fill(scheme, 'inputBias'))).toEqual([-0.5, 0.5, -0.5, -0.5].map(constant));
    expectOrthogonalGates(fill(scheme, 'recurrent'));
    expectNormal(fill(scheme, 'input'), 0.2);
    expectNormal(fill(scheme, 'embedding'), 0.3);
    expectUniform(fill(scheme, 'dense'), 0.1);
  });
});

describe("a layer's own bias of the forget gate", () => {
  it("stands in place of the scheme's, also where it is 0", () => {
    const opened = (scheme: string, forgetBias: number | undefined) =>
      gatesOf(fill(scheme, 'inputBias', 1, { forgetBias }));
    for (const scheme of ['default', 'keras', 'xavier', 'xavier,forget=3']) {
      expect(opened(scheme, 2)).toEqual([0, 2, 0, 0].map(constant));
      expect(opened(scheme, 0)).toEqual([0, 0, 0, 0].map(constant));
    }
    expect(opened('default', undefined)).toEqual([0, 1, 0, 0].map(constant));
    expect(opened('pytorch', 2)).toEqual(gatesOf(fill('pytorch,forget=2', 'inputBias')));
    expect(fill('default', 'recurrentBias', 1, { forgetBias: 2 })).toEqual(new Float32Array(4 * UNITS));
  });

  it('changes nothing in a cell without a forget gate', () => {
    const change = { forgetGate: -1, forgetBias: 2 };
    expect(fill('default', 'inputBias', 1, change)).toEqual(new Float32Array(4 * UNITS));
  });
});

describe('the numbers of a scheme', () => {
  /** Every parameter of LSTM, GRU and vanilla RNN of 24 units over 10 inputs, an embedding and an affine layer. */
  function parameters(): ParameterShape[] {
    const [units, inputs, classes] = [24, 10, 7];
    const plain = { gates: 1, forgetGate: -1 };
    const cells = [
      { rows: 4 * units, units, gates: 4, forgetGate: 1 },
      { rows: 3 * units, units, gates: 3, forgetGate: -1 },
      { rows: units, units, ...plain },
    ];
    return [
      { role: 'embedding', rows: 12, columns: inputs, fanIn: 12, units: inputs, ...plain },
      ...cells.flatMap((cell): ParameterShape[] => [
        { role: 'input', columns: inputs, fanIn: inputs, ...cell },
        { role: 'recurrent', columns: units, fanIn: units, ...cell },
        { role: 'inputBias', fanIn: units, ...cell, rows: 1, columns: cell.rows },
        { role: 'recurrentBias', fanIn: units, ...cell, rows: 1, columns: cell.rows },
      ]),
      { role: 'dense', rows: classes, columns: units, fanIn: units, units: classes, ...plain },
      { role: 'denseBias', rows: 1, columns: classes, fanIn: units, units: classes, ...plain },
    ];
  }

  function fingerprint(scheme: string): string {
    const hash = createHash('sha256');
    for (const shape of parameters()) {
      const out = new Float32Array(shape.rows * shape.columns);
      initialize(scheme, out, shape, new Random(7, `${shape.role}/${shape.gates}`));
      hash.update(new Uint8Array(out.buffer));
    }
    return hash.digest('hex').slice(0, 16);
  }

  // A seed written in a paper or a run directory must give the same network in every later version.
  it.each([
    ['default', '14c7993805b4ff55'],
    ['default,forget=2,embedding=0.1', '796cc7ec0c4c7f54'],
    ['pytorch', '5035048af867813e'],
    ['keras', '89767303c0507fdb'],
    ['uniform:0.1', '2e336f5955525bd7'],
    ['normal:0.02', 'fbe92f087e6b10e1'],
    ['xavier', '91b289ec4b6e34e4'],
    ['xavier-normal', '70c02d0cb775108a'],
    ['he', '9372fe77256a07b4'],
    ['he-normal', 'df2b3c68740704e0'],
    ['orthogonal:1.5', '03d4f2d355096296'],
    ['identity:0.5', 'f9285b8a738f6792'],
    ['xavier,recurrent=orthogonal,bias=0.1', 'b7e8dfb8c209c667'],
  ])('%s stay the same to the last bit', (scheme, wanted) => {
    expect(fingerprint(scheme)).toBe(wanted);
  });
});
