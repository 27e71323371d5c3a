import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const release = fileURLToPath(new URL('../../build/Release', import.meta.url));
const addon = path.join(release, 'bptt.node');

const { readElf } = createRequire(import.meta.url)('../../scripts/read-elf.cjs') as {
  readElf(bytes: Buffer): { arch: string; needed: string[]; versions: string[]; exported: string[] };
};
const isMusl =
  (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header.glibcVersionRuntime === undefined;

function hasTool(name: string): boolean {
  return spawnSync(name, ['--version']).status === 0;
}

const isLinux = process.platform === 'linux';
const canInspect = isLinux && hasTool('objdump') && hasTool('nm');
if (!canInspect) process.stderr.write('SKIPPED: the disassembly of the binaries: needs Linux with objdump and nm\n');
const isX64 = process.arch === 'x64';

/** Names of the symbols that a binary lets others see. */
function exportedSymbols(file: string): string[] {
  const { stdout, status } = spawnSync('nm', ['-D', '--defined-only', '--format=posix', file], { encoding: 'utf8' });
  expect(status).toBe(0);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' ')[0] ?? '')
    .sort();
}

interface InstructionCounts {
  total: number;
  /** With an operand of that width. */
  ymm: number;
  zmm: number;
  /** VEX or EVEX encoded: mnemonics that begin with v, and the general-purpose ones of BMI. */
  vex: number;
  /** Newer than SSE2 and not VEX encoded: SSE3 to SSE4.2, POPCNT, MOVBE, LZCNT. */
  sse3AndLater: number;
  /** Fused multiply-add. */
  fma: number;
}

const bmi = /^(andn|bextr|blsi|blsmsk|blsr|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx)[lq]?$/;
const sse3AndLater = new RegExp(
  '^(addsubp[sd]|p?h(add|sub).*|movddup|movs[hl]dup|lddqu|pabs[bwd]|psign[bwd]|palignr|pshufb|pmaddubsw|pmulhrsw|' +
    'p?blend.*|round[ps][sd]|dpp[sd]|pmulld|pmuldq|(insert|extract)ps|p(insr|extr)[bdq]|p(max|min)(s[bd]|u[wd])|' +
    'pmov[sz]x.*|ptest|pcmpeqq|pcmpgtq|pcmp[ei]str[im]|packusdw|mpsadbw|movntdqa|popcnt.*|movbe.*|lzcnt.*|crc32.*)$',
);
const vexExceptions = new Set(['verr', 'verw', 'vmcall', 'vmfunc']); // begin with v, are not VEX

/** Counts by disassembly. */
function countInstructions(file: string): InstructionCounts {
  const counts: InstructionCounts = { total: 0, ymm: 0, zmm: 0, vex: 0, sse3AndLater: 0, fma: 0 };
  const { stdout, status } = spawnSync('objdump', ['-d', '--no-show-raw-insn', file], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  expect(status).toBe(0);
  for (const line of stdout.split('\n')) {
    const [, mnemonic, operands] = /^\s*[0-9a-f]+:\s+(\S+)\s*(.*)$/.exec(line) ?? [];
    if (mnemonic === undefined || operands === undefined) continue;
    counts.total++;
    if (operands.includes('%ymm')) counts.ymm++;
    if (operands.includes('%zmm')) counts.zmm++;
    if ((mnemonic.startsWith('v') && !vexExceptions.has(mnemonic)) || bmi.test(mnemonic)) counts.vex++;
    if (sse3AndLater.test(mnemonic)) counts.sse3AndLater++;
    if (/^vfn?m(add|sub)/.test(mnemonic)) counts.fma++;
  }
  return counts;
}

describe.skipIf(!canInspect)('the addon', () => {
  it('exports what Node looks for and nothing else', () => {
    expect(exportedSymbols(addon)).toEqual(['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
  });

  it.skipIf(!isX64)('holds no instruction that a processor without AVX lacks', () => {
    const counts = countInstructions(addon);
    expect(counts.total).toBeGreaterThan(10_000);
    expect(counts).toMatchObject({ ymm: 0, zmm: 0, vex: 0, sse3AndLater: 0, fma: 0 });
  });

  it.skipIf(isMusl)('takes no function that glibc 2.28 lacks, nor do the kernel modules', () => {
    for (const file of readdirSync(release).filter((name) => /\.(node|so)$/.test(name))) {
      const { versions } = readElf(readFileSync(path.join(release, file)));
      const minors = versions.map((version) => Number(/^GLIBC_2\.(\d+)/.exec(version)?.[1] ?? Number.NaN));
      expect(minors.length, file).toBeGreaterThan(0);
      expect(Math.max(...minors), `${file}: ${versions.join(' ')}`).toBeLessThanOrEqual(28);
    }
  });

  it('needs no C++ runtime of the machine', () => {
    const { stdout } = spawnSync('objdump', ['-p', addon], { encoding: 'utf8' });
    const needed = [...stdout.matchAll(/^\s*NEEDED\s+(\S+)$/gm)].map(([, name]) => name);
    expect(needed).not.toHaveLength(0);
    expect(needed.filter((name) => /stdc\+\+|libgcc/.test(name ?? ''))).toEqual([]);
  });
});

describe.skipIf(!canInspect || !isX64)('the kernel modules', () => {
  const modules = [path.join(release, 'bptt-kernels-avx2.so'), path.join(release, 'bptt-kernels-avx512.so')] as const;

  it('lie beside the addon', () => {
    for (const file of modules) expect(existsSync(file), file).toBe(true);
  });

  it('export the kernel table and nothing else', () => {
    for (const file of modules) expect(exportedSymbols(file), file).toEqual(['bptt_kernels_v1']);
  });

  it('for AVX2 use 256-bit registers and fused multiply-add, and no AVX-512', () => {
    const counts = countInstructions(modules[0] ?? '');
    expect(counts.zmm).toBe(0);
    expect(counts.ymm).toBeGreaterThan(1000);
    expect(counts.fma).toBeGreaterThan(100);
  });

  it('for AVX-512 use 512-bit registers and fused multiply-add', () => {
    const counts = countInstructions(modules[1] ?? '');
    expect(counts.zmm).toBeGreaterThan(1000);
    expect(counts.fma).toBeGreaterThan(100);
  });
});
