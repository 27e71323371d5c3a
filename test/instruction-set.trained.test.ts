import { expect, it } from 'vitest';
import { info } from '../src/index.js';

it('trained tests run with the instruction set of their project', () => {
  expect(info().isa).toBe(process.env['BPTT_ISA']);
});
