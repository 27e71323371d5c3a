'use strict';
/* Installs what the native build needs of the machine and is missing, with the system's package manager where it can. */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { hasProgram, missingParts } = require('./build-requirements.cjs');

const managers = [
  {
    command: 'apt-get',
    packages: { cmake: 'cmake', make: 'make', compiler: 'g++', eigen: 'libeigen3-dev' },
    steps: (names) => [
      ['update', '-q'],
      ['install', '-y', '-q', '--no-install-recommends', ...names],
    ],
    asRoot: true,
  },
  {
    command: 'apk',
    packages: { cmake: 'cmake', make: 'make', compiler: 'g++', eigen: 'eigen-dev' },
    steps: (names) => [['add', '--no-cache', ...names]],
    asRoot: true,
  },
  {
    command: 'dnf',
    packages: { cmake: 'cmake', make: 'make', compiler: 'gcc-c++', eigen: 'eigen3-devel' },
    steps: (names) => [['install', '-y', ...names]],
    asRoot: true,
  },
  {
    command: 'brew',
    packages: { cmake: 'cmake', make: 'ninja', eigen: 'eigen' }, // the compiler comes with `xcode-select --install`
    steps: (names) => [['install', ...names]],
    asRoot: false,
  },
];

function elevated(manager, options) {
  if (!manager.asRoot || process.getuid?.() === 0) return [manager.command, options];
  const flags = process.stdin.isTTY ? [] : ['-n']; // nobody is there to type a password
  return ['sudo', [...flags, manager.command, ...options]];
}

/** The command lines that would install the parts. */
function installation(manager, names) {
  return manager.steps(names).map((options) => elevated(manager, options));
}

/** One answer from the terminal, read without a package. */
function ask(question) {
  process.stderr.write(question);
  const answer = Buffer.alloc(256);
  try {
    return answer.toString('utf8', 0, fs.readSync(process.stdin.fd, answer)).trim().toLowerCase();
  } catch {
    return ''; // nobody is there
  }
}

/**
 * Whether the parts may be installed: on CI and as root without a question, else if the person at the terminal says so.
 * Where nobody can be asked, nothing is installed.
 */
function mayInstall(commands) {
  if (process.env.CI || process.getuid?.() === 0) return true;
  console.error('bptt: the native build lacks parts of the system. This would install them:');
  for (const [command, options] of commands) console.error(`  ${command} ${options.join(' ')}`);
  if (!process.stdin.isTTY) {
    console.error('bptt: nobody can be asked, nothing is installed; set CI=1 to install without a question.');
    return false;
  }
  return ['y', 'yes'].includes(ask('Install them now? [y/N] '));
}

/**
 * Installs what is missing, after a question unless on CI or as root. Eigen alone may stay missing: CMake then downloads it.
 * Anything else that stays missing ends the process with a message that says what to install.
 */
function installMissingParts() {
  const missing = missingParts();
  if (missing.length === 0) return;
  const manager = managers.find(({ command }) => hasProgram(command));
  const names = missing.map((part) => manager?.packages[part]).filter(Boolean);
  const commands = manager && names.length > 0 ? installation(manager, names) : [];
  if (commands.length > 0 && mayInstall(commands)) {
    for (const [command, list] of commands) {
      console.log(`bptt: ${command} ${list.join(' ')}`);
      // A failed step is not the end: what counts is whether the parts are there afterwards.
      spawnSync(command, list, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    }
  }
  const still = missingParts();
  if (still.includes('eigen')) console.error('bptt: Eigen is not installed; CMake will try to download it.');
  const blocking = still.filter((part) => part !== 'eigen');
  if (blocking.length > 0) {
    console.error(
      `bptt: the native build lacks ${blocking.join(', ')}. Install CMake >= 3.18, make or ninja, and a C++17 compiler ` +
        '(Debian: apt-get install cmake make g++ libeigen3-dev; macOS: xcode-select --install and brew install cmake eigen; ' +
        'Windows: Visual Studio with the C++ workload).',
    );
    process.exit(1);
  }
}

module.exports = { installMissingParts };
