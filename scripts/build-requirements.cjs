'use strict';
/*
 * What the native build needs of the machine: CMake, a build tool, a C++ compiler, the headers of Eigen. Finds what is missing, and
 * tells how to install it and how to start the build again with each package manager of Node.
 */
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const isWindows = process.platform === 'win32';

/** Whether a program of that name is on the PATH. */
function hasProgram(name) {
  const extensions = isWindows ? ['.exe', '.cmd', '.bat'] : [''];
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  return folders.some((folder) => extensions.some((extension) => fs.existsSync(path.join(folder, name + extension))));
}

/** Whether native/cmake/BpttEigen.cmake will find the headers without a download. */
function hasEigen() {
  const prefixes = [
    process.env.Eigen3_ROOT ?? '',
    ...(process.env.CMAKE_PREFIX_PATH ?? '').split(path.delimiter),
    '/usr',
    '/usr/local',
    '/opt/homebrew',
    '/opt/local',
  ];
  const folders = [process.env.BPTT_EIGEN_DIR ?? '', path.join(root, 'native', 'third_party', 'eigen')];
  for (const prefix of prefixes.filter(Boolean))
    folders.push(path.join(prefix, 'include', 'eigen3'), path.join(prefix, 'include'));
  return folders.filter(Boolean).some((folder) => fs.existsSync(path.join(folder, 'Eigen', 'Core')));
}

/** Names of the parts that are missing: `cmake`, `make`, `compiler`, `eigen`. */
function missingParts() {
  const missing = [];
  if (!hasProgram('cmake')) missing.push('cmake');
  if (!hasEigen()) missing.push('eigen');
  if (isWindows) return missing; // CMake finds Visual Studio by itself
  if (!hasProgram('ninja') && !hasProgram('make')) missing.push('make');
  if (!process.env.CXX && !['c++', 'g++', 'clang++'].some(hasProgram)) missing.push('compiler');
  return missing;
}

/** How each package manager of Node builds the package again; the one that is at work comes first. */
function rebuildCommands(userAgent = process.env.npm_config_user_agent ?? '') {
  const commands = [
    [
      'npm',
      'npm install bptt again; where bptt stayed in node_modules: npm rebuild bptt --foreground-scripts (npm >= 12: first npm install-scripts approve bptt)',
    ],
    [
      'pnpm',
      'pnpm approve-builds, choose bptt (or "pnpm": { "onlyBuiltDependencies": ["bptt"] } in package.json), then pnpm rebuild bptt',
    ],
    ['yarn', 'yarn rebuild bptt (dependenciesMeta.bptt.built: true in package.json)'],
    ['bun', 'bun pm trust bptt'],
  ];
  const current = userAgent.split('/')[0];
  return commands.sort(([a], [b]) => Number(b === current) - Number(a === current)).map(([, command]) => command);
}

/**
 * One message for a build that cannot begin or has failed.
 *
 * @param {string} problem what is wrong, as a sentence
 */
function buildAdvice(problem) {
  return [
    `bptt: ${problem}`,
    `To build for ${process.platform}-${process.arch} with Node ${process.versions.node}, install what that needs:`,
    '  Debian, Ubuntu  apt-get install cmake make g++',
    '  Alpine          apk add cmake make g++',
    '  Fedora          dnf install cmake make gcc-c++',
    '  macOS           xcode-select --install, and brew install cmake',
    '  Windows         Visual Studio >= 2019 with the C++ workload, which brings CMake',
    'CMake >= 3.18 and a C++17 compiler (GCC >= 9, Clang >= 10) serve. Then build again:',
    ...rebuildCommands().map((command) => `  ${command}`),
  ].join('\n');
}

module.exports = { buildAdvice, hasProgram, missingParts };
