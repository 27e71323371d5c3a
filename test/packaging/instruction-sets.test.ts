import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const entry = new URL('../../dist/index.js', import.meta.url).href;
const root = fileURLToPath(new URL('../..', import.meta.url));

interface Answer {
  readonly isa?: string;
  readonly supported?: readonly string[];
  readonly code?: string;
  readonly message?: string;
}

/** The result of info() in a separate process, because the choice holds for a whole process. */
function infoWith(isa: string | undefined): Answer {
  const script = `
    const { info } = await import(${JSON.stringify(entry)});
    try { console.log(JSON.stringify(info())); }
    catch (error) { console.log(JSON.stringify({ code: error.code, message: error.message })); }`;
  const { BPTT_ISA: _, ...env } = process.env;
  const result = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    encoding: 'utf8',
    env: isa === undefined ? env : { ...env, BPTT_ISA: isa },
  });
  expect({ status: result.status, signal: result.signal, stderr: result.stderr }).toMatchObject({
    status: 0,
    signal: null,
  });
  return JSON.parse(result.stdout) as Answer;
}

const automatic = infoWith(undefined);
const supported = automatic.supported ?? [];
const baseline = process.arch === 'x64' ? 'sse2' : process.arch === 'arm64' ? 'neon' : 'generic';

describe('the choice of the instruction set', () => {
  it('takes the widest set of the processor when none is asked for', () => {
    expect(supported[0]).toBe(baseline);
    expect(automatic.isa).toBe(supported.at(-1));
    expect(infoWith('auto')).toEqual(automatic);
  });

  for (const isa of ['sse2', 'avx2', 'avx512', 'neon', 'generic']) {
    const has = supported.includes(isa);
    it(has ? `uses ${isa} when BPTT_ISA asks for it` : `refuses ${isa}, which this processor lacks`, () => {
      const answer = infoWith(isa);
      if (has) expect(answer).toMatchObject({ isa, supported });
      else expect(answer).toMatchObject({ code: 'isa_unsupported' });
    });
  }

  it('refuses a name that it does not know, and says which names there are', () => {
    for (const isa of ['sse9', 'AVX2', 'avx2 ', '../avx2', '\u00e9']) {
      const answer = infoWith(isa);
      expect(answer.code, isa).toBe('isa_unsupported');
      expect(answer.message).toContain(isa);
      expect(answer.message).toContain(baseline);
    }
  });
});
