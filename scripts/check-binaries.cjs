'use strict';
/*
 * Checks the prebuilt binaries by reading them: that each file of a target is there, is for its processor, needs no library but the
 * C library, no symbol of glibc above 2.28, and shows no symbol but its entry.
 *
 *   node scripts/check-binaries.cjs [TARGET...]     default: all targets that are published
 */
const fs = require('node:fs');
const path = require('node:path');
const { readElf } = require('./read-elf.cjs');

const root = path.join(__dirname, '..');
/** The glibc of the oldest systems that Node 20 supports. */
const NEWEST_GLIBC = [2, 28];
const ADDON_SYMBOLS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
const MODULE_SYMBOLS = ['bptt_kernels_v1'];

/** Every target that is published, and the instruction sets that have a module of their own there. */
const published = {
  'linux-x64': ['avx2', 'avx512'],
  'linux-x64-musl': ['avx2', 'avx512'],
  'linux-arm64': [],
  'darwin-x64': ['avx2'],
  'darwin-arm64': [],
  'win32-x64': ['avx2', 'avx512'],
};

/** Paths of the binaries of a target: the addon first, then its kernel modules. */
function binariesOf(target) {
  const [platform, arch, libc = 'glibc'] = target.split('-');
  const folder = path.join(root, 'prebuilds', `${platform}-${arch}`);
  const suffix = { darwin: '.dylib', win32: '.dll' }[platform] ?? '.so'; // musl loads the modules of glibc
  const addon = platform === 'linux' ? `bptt.${libc}.node` : 'bptt.node';
  return [addon, ...published[target].map((set) => `bptt-kernels-${set}${suffix}`)].map((name) =>
    path.join(folder, name),
  );
}

/** What is wrong with a binary of Linux, as sentences. */
function faultsOf(file, target, isAddon) {
  const { arch, needed, versions, exported } = readElf(fs.readFileSync(file));
  const isMusl = target.endsWith('-musl') && isAddon;
  const libraries = isMusl ? /^libc\.(so|musl-.*)$/ : /^(lib(c|m|dl|pthread)\.so\.\d|ld-linux-.*)$/;
  const tooNew = versions.filter((version) => {
    const [, major, minor] = /^GLIBC_(\d+)\.(\d+)/.exec(version) ?? [];
    return Number(major) !== NEWEST_GLIBC[0] || Number(minor) > NEWEST_GLIBC[1];
  });
  const foreign = needed.filter((name) => !libraries.test(name));
  const wanted = isAddon ? ADDON_SYMBOLS : MODULE_SYMBOLS;
  const shown = exported.filter((name) => !wanted.includes(name));
  return [
    ...(arch === target.split('-')[1] ? [] : [`it is for ${arch}`]),
    ...(foreign.length === 0 ? [] : [`it needs the libraries ${foreign.join(', ')}`]),
    ...(tooNew.length === 0
      ? []
      : [`it needs ${tooNew.join(', ')}; glibc ${NEWEST_GLIBC.join('.')} is the newest allowed`]),
    ...(shown.length === 0 ? [] : [`it shows the symbols ${shown.join(', ')}`]),
    ...wanted.filter((name) => !exported.includes(name)).map((name) => `it lacks the symbol ${name}`),
  ];
}

/** @throws {Error} with every fault of the target's binaries */
function checkBinaries(target) {
  const faults = [];
  binariesOf(target).forEach((file, index) => {
    const name = path.relative(root, file);
    if (!fs.existsSync(file)) faults.push(`${name} is missing`);
    else if (target.startsWith('linux-')) {
      faults.push(...faultsOf(file, target, index === 0).map((fault) => `${name}: ${fault}`));
    }
  });
  if (faults.length > 0) throw new Error(`the binaries of ${target} cannot be published:\n  ${faults.join('\n  ')}`);
}

module.exports = { binariesOf, checkBinaries, published };

if (require.main === module) {
  const targets = process.argv.slice(2);
  for (const target of targets.length > 0 ? targets : Object.keys(published)) {
    try {
      checkBinaries(target);
      console.log(`bptt: ${target}: ${binariesOf(target).length} binaries`);
    } catch (error) {
      console.error(`bptt: ${error.message}`);
      process.exitCode = 1;
    }
  }
}
