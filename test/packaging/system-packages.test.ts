import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../architecture/project-files.js';

/** The user and the group `nobody` of most systems. */
const NOBODY = { uid: 65534, gid: 65534 };

const isRoot = process.getuid?.() === 0;
/** The user of a process that must not be root. */
const plain = isRoot ? NOBODY : {};

/** Why no process can be started as a user who is not root; undefined when it is possible. */
function whyNotPlain(): string | undefined {
  if (process.platform === 'win32') return 'Windows has no root';
  const { error, status } = spawnSync(process.execPath, ['-e', ''], plain);
  return status === 0 ? undefined : `node does not start as another user: ${error?.message ?? `status ${status}`}`;
}
const reason = whyNotPlain();
if (reason !== undefined)
  process.stderr.write(`\nSKIPPED: what system-packages.cjs does for a plain user: ${reason}\n\n`);

/** Programs that record how they were called; `apt-get install` puts programs of these names on the PATH. */
const APT_GET = `#!/bin/sh
echo "apt-get $*" >> "$0.log"
if [ "$1" = install ]; then for name in cmake make g++; do : > "$(/usr/bin/dirname "$0")/$name"; done; fi
`;
const SUDO = `#!/bin/sh
echo "sudo $*" >> "$(/usr/bin/dirname "$0")/apt-get.log"
while [ "$1" != apt-get ]; do shift; done
exec "$@"
`;

let folder = '';
const inFolder = (...parts: string[]) => path.join(folder, ...parts);

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bptt-system-'));
  for (const name of ['bin', 'scripts', 'native/third_party/eigen/Eigen'])
    mkdirSync(inFolder(name), { recursive: true });
  writeFileSync(inFolder('native/third_party/eigen/Eigen/Core'), '');
  writeFileSync(inFolder('bin/apt-get'), APT_GET);
  writeFileSync(inFolder('bin/sudo'), SUDO);
  for (const name of ['system-packages.cjs', 'build-requirements.cjs'])
    copyFileSync(path.join(projectRoot, 'scripts', name), inFolder('scripts', name));
  for (const name of ['.', 'bin/apt-get', 'bin/sudo']) chmodSync(inFolder(name), 0o755);
  chmodSync(inFolder('bin'), 0o777); // the package manager of a plain user runs as that user here
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Lets the script install what is missing: CMake, make and a compiler. Nobody is at the terminal. */
function install(user: Partial<typeof NOBODY>, variables: Readonly<Record<string, string>> = {}) {
  const program = "require('./scripts/system-packages.cjs').installMissingParts()";
  const env = { PATH: inFolder('bin'), ...variables };
  const { status, stderr } = spawnSync(process.execPath, ['-e', program], {
    cwd: folder,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  });
  const log = inFolder('bin/apt-get.log');
  return { status, stderr, calls: existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [] };
}

const INSTALLATION = 'apt-get install -y -q --no-install-recommends cmake make g++';

describe.skipIf(reason !== undefined)('system-packages.cjs, for a user who is not root', () => {
  it('installs nothing where nobody can be asked, and says what it would run', () => {
    const { status, stderr, calls } = install(plain);
    expect(calls).toEqual([]);
    expect(stderr).toContain('  sudo -n apt-get update -q\n');
    expect(stderr).toContain(`  sudo -n ${INSTALLATION}\n`);
    expect(stderr).toContain('nothing is installed; set CI=1');
    expect(stderr).toContain('the native build lacks cmake, make, compiler');
    expect(status).toBe(1);
  });

  it('runs the package manager without a question where CI is set', () => {
    const { status, stderr, calls } = install(plain, { CI: '1' });
    expect(calls).toEqual(['sudo -n apt-get update -q', 'apt-get update -q', `sudo -n ${INSTALLATION}`, INSTALLATION]);
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('asks nothing and runs nothing when all is there', () => {
    for (const name of ['cmake', 'ninja', 'c++']) writeFileSync(inFolder('bin', name), '');
    expect(install(plain)).toEqual({ status: 0, stderr: '', calls: [] });
  });
});

describe.skipIf(!isRoot)('system-packages.cjs, for root', () => {
  it('runs the package manager without a question, and without sudo', () => {
    expect(install({})).toEqual({ status: 0, stderr: '', calls: ['apt-get update -q', INSTALLATION] });
  });
});
