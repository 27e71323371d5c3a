'use strict';
/*
 * Lets musl's own loader load the binaries for Alpine, on any Linux x64 with Debian's packages musl and musl-tools: every symbol that
 * they need must be there, but Node's, for which the small program that loads them has stand-ins. Kernel modules must tell their table.
 * There is no Node for musl in the npm registry, so nothing is trained here.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { binariesOf } = require('./check-binaries.cjs');
const { run } = require('./packed-package.cjs');
const { readElf } = require('./read-elf.cjs');

const PROGRAM = `
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
STUBS
int main(int count, char** files) {
  for (int i = 1; i < count; ++i) {
    void* file = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
    if (file == NULL) return fprintf(stderr, "%s\\n", dlerror()), 1;
    const unsigned* (*kernels)(void) = (const unsigned* (*)(void))dlsym(file, "bptt_kernels_v1");
    void* addon = dlsym(file, "napi_register_module_v1");
    if (kernels == NULL && addon == NULL) return fprintf(stderr, "%s shows no entry\\n", files[i]), 1;
    printf("%s %u\\n", files[i], kernels == NULL ? 0 : kernels()[0]);
  }
  return 0;
}
`;

function check() {
  if (spawnSync('musl-gcc', ['--version']).status !== 0)
    throw new Error('musl-gcc is missing: apt-get install musl musl-tools');
  const files = binariesOf('linux-x64-musl');
  const [addon = ''] = files;
  const names = readElf(fs.readFileSync(addon)).imported.filter((name) => name.startsWith('napi_'));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bptt-musl-'));
  try {
    const source = path.join(folder, 'host.c');
    fs.writeFileSync(
      source,
      PROGRAM.replace('STUBS', names.map((name) => `void ${name}(void) { abort(); }`).join('\n')),
    );
    const program = path.join(folder, 'host');
    run('musl-gcc', ['-rdynamic', '-o', program, source]);
    const lines = run(program, files).trim().split('\n');
    if (lines.length !== files.length) throw new Error(lines.join('\n'));
    console.log(`bptt: musl loads ${lines.length} files; ${names.length} functions of Node are stand-ins`);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

try {
  check();
} catch (error) {
  console.error(`bptt: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
