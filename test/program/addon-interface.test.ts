/** An addon that was built from other sources is recognised when it is loaded, not by what then fails. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkedBinding, interfaceVersion, type NativeAddon, native } from '../../src/native/addon.js';
import { projectRoot } from '../architecture/project-files.js';

/** The digest of the interfaces of src/native/addon.ts and the version that they have: both change together. */
const DIGESTS: Readonly<Record<number, string>> = { 1: 'e5f3130aafd3e657' };

/** The declarations of src/native/addon.ts without comments. */
function declarations(): string {
  const text = readFileSync(join(projectRoot, 'src', 'native', 'addon.ts'), 'utf8');
  const [interfaces = ''] = /^export type AxisSamples[\s\S]*?(?=^let addon)/m.exec(text) ?? [];
  return interfaces
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

describe('the interface of the addon', () => {
  it('has the same version in C++ and in TypeScript', () => {
    expect(native().interfaceVersion).toBe(interfaceVersion);
    expect(checkedBinding(native())).toBe(native());
  });

  it('is refused when it has another version, or none', () => {
    const refused = (found: number | undefined) =>
      expect.objectContaining({
        code: 'native_outdated',
        details: expect.objectContaining({ expected: interfaceVersion, found }),
        message: expect.stringMatching(/built from other sources .*`npm run build:native`/),
      });
    const { UpdateLock: _lock, interfaceVersion: _version, ...earlier } = native() as NativeAddon;
    expect(() => checkedBinding(earlier)).toThrow(refused(undefined));
    const later = interfaceVersion + 1;
    expect(() => checkedBinding({ ...native(), interfaceVersion: later })).toThrow(refused(later));
  });

  it('has a new version when it changes: count up both, and add the digest here', () => {
    const text = declarations();
    expect(text).toContain('UpdateLock');
    expect(createHash('sha256').update(text).digest('hex').slice(0, 16)).toBe(DIGESTS[interfaceVersion]);
  });
});
