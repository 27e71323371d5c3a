import { describe, expect, it } from 'vitest';
import { filesBelow, readProjectFile } from './project-files.js';

/** The only file that may use parts of Eigen without a promise of stability. */
const HOME = 'native/kernels/generic/eigen_packets.h';

/** A namespace `internal`, of Eigen or of a name that stands for Eigen; also `using namespace Eigen`, which hides it. */
const INTERNAL = /\binternal\s*::|\bnamespace\s+internal\b|::\s*internal\b|\busing\s+namespace\s+Eigen\b/;

/** C++ without comments. */
const codeOf = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');

const files = filesBelow('native', ['.h', '.cc', '.def']);

describe("Eigen's internal namespace", () => {
  it('is named in one file, which the kernels include', () => {
    const users = files.filter((file) => INTERNAL.test(codeOf(readProjectFile(file))));
    expect(users).toEqual([HOME]);
  });

  it.each([
    'auto y = Eigen::internal::padd(a, b);',
    'internal :: pmul(a, b)',
    'namespace packets = Eigen::internal;',
    'using namespace Eigen;',
  ])('is found in `%s`', (code) => {
    expect(INTERNAL.test(codeOf(code))).toBe(true);
  });

  it('is not found in comments or in names that end the same way', () => {
    expect(INTERNAL.test(codeOf('// Eigen::internal::padd\nint internal = kinternal::x; /* internal:: */'))).toBe(
      false,
    );
  });
});

describe('the headers of Eigen', () => {
  it('are included where packets are made of them, and where the version is read', () => {
    const users = files.filter((file) => /#\s*include\s*<(unsupported\/)?Eigen\//.test(readProjectFile(file)));
    expect(users).toEqual([HOME, 'native/kernels/generic/table.cc']);
  });
});
