import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from './project-files.js';

/** Runs the check of the C++ sources on a machine that has none of its programs. */
function checkWithoutPrograms(variables: Readonly<Record<string, string>>) {
  const script = path.join(projectRoot, 'scripts', 'check-native-style.cjs');
  const env = { PATH: path.join(projectRoot, 'no-such-folder'), ...variables };
  return spawnSync(process.execPath, [script], { env, encoding: 'utf8' });
}

describe('the check of the C++ sources', () => {
  it('says loudly what it skips where its programs are missing', () => {
    const { status, stderr } = checkWithoutPrograms({});
    expect(stderr).toContain('SKIPPED: clang-format is not installed');
    expect(stderr).toContain('SKIPPED: clang-tidy is not installed');
    expect(status).toBe(0);
  });

  it('fails there in continuous integration', () => {
    const { status, stderr } = checkWithoutPrograms({ CI: 'true' });
    expect(stderr).toContain('FAILED: clang-format is not installed');
    expect(stderr).toContain('FAILED: clang-tidy is not installed');
    expect(status).toBe(1);
  });
});
