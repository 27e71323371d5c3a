import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../architecture/project-files.js';

const folder = mkdtempSync(path.join(tmpdir(), 'bptt-moved-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('code that a bundler has moved into another package', () => {
  it('says that the bundler must leave bptt where it is', () => {
    cpSync(path.join(projectRoot, 'dist'), path.join(folder, 'out'), { recursive: true });
    symlinkSync(path.join(projectRoot, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
    writeFileSync(path.join(folder, 'package.json'), '{"name":"server","type":"module"}');
    const program = `
      import { info } from './out/index.js';
      try { info(); } catch (error) { console.log(JSON.stringify({ code: error.code, message: error.message })); }`;
    writeFileSync(path.join(folder, 'program.js'), program);
    const output = execFileSync(process.execPath, [path.join(folder, 'program.js')], { encoding: 'utf8' });
    expect(JSON.parse(output)).toEqual({
      code: 'native_missing',
      message: expect.stringMatching(/no package named 'bptt' is above .*declare 'bptt' as external/),
    });
  });
});
