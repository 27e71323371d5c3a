'use strict';
/*
 * `npm run lint:native`: the C++ sources in native/ and test/native/ are formatted as .clang-format says, and pass the checks of .clang-tidy.
 *
 * Needs clang-format, clang-tidy and CMake. Where one is missing, its part is skipped with a warning; with the environment
 * variable CI set that is an error. clang-tidy reads each source once: a kernel as it is compiled for the baseline.
 */
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');
const native = path.join(root, 'native');
const tests = path.join(root, 'test', 'native');
const buildFolder = path.join(root, 'build', 'lint');

/** A part that cannot be checked on this machine. */
class Missing extends Error {}

/** Throws `Missing` unless a program of that name can be executed. */
function need(program) {
  const { error, status } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  if (error === undefined && status === 0) return;
  throw new Missing(`${program} is not installed. On Debian and Ubuntu: apt-get install ${program}`);
}

/** The C++ files of the project. */
function sources() {
  return [native, tests]
    .flatMap((folder) => fs.readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.(cc|h)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(path.join(native, 'third_party', path.sep)))
    .sort();
}

/** Whether all files are formatted; clang-format says what is not. */
function checkFormat() {
  need('clang-format');
  const files = sources();
  console.log(`bptt: clang-format reads ${files.length} files`);
  const { status } = spawnSync('clang-format', ['--dry-run', '-Werror', ...files], { cwd: root, stdio: 'inherit' });
  return status === 0;
}

/** Loop optimizations that Clang does not know by these names. */
const GCC_OPTIONS = / -f(?:peel-loops|predictive-commoning|unswitch-loops|split-loops|vect-cost-model=\S+)/g;

/** The command of a test source with which those are compiled that another build has, such as the fuzzer's. */
const TEST_SOURCE = 'team_test.cc';

/** Commands for the test sources that the build leaves out. */
function alike(built) {
  const file = path.join(tests, TEST_SOURCE);
  const known = built.get(file);
  if (known === undefined) throw new Error(`the native build compiles no ${TEST_SOURCE}, whose command is needed`);
  return sources()
    .filter((each) => each.startsWith(tests + path.sep) && each.endsWith('.cc') && !built.has(each))
    .map((each) => ({ ...known, file: each, command: known.command.replaceAll(TEST_SOURCE, path.basename(each)) }));
}

/** Configures a build, and leaves in its folder the commands of the baseline alone. Returns the files. */
function compileCommands() {
  need('cmake');
  const settings = ['-DCMAKE_BUILD_TYPE=Release', '-DBPTT_NATIVE_TESTS=ON', '-DCMAKE_EXPORT_COMPILE_COMMANDS=ON'];
  const options = ['-S', root, '-B', buildFolder, ...settings, '-Wno-dev'];
  const { status, stdout, stderr } = spawnSync('cmake', options, { cwd: root, encoding: 'utf8' });
  const file = path.join(buildFolder, 'compile_commands.json');
  if (status !== 0) throw new Error(`cmake cannot configure the native build:\n${stdout}${stderr}`);
  if (!fs.existsSync(file)) throw new Missing(`this generator of CMake writes no ${path.basename(file)}; Ninja does`);
  const entries = JSON.parse(fs.readFileSync(file, 'utf8'))
    .filter((entry) => [native, tests].some((folder) => entry.file.startsWith(folder + path.sep)))
    .filter((entry) => !entry.command.includes('BPTT_KERNELS_MODULE'))
    .map((entry) => ({ ...entry, command: entry.command.replace(GCC_OPTIONS, '') }));
  // The test programs compile sources of the addon, and each other's, once more.
  const built = new Map(entries.reverse().map((entry) => [entry.file, entry]));
  const commands = [...built.values(), ...alike(built)];
  const folder = path.join(buildFolder, 'baseline');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'compile_commands.json'), JSON.stringify(commands));
  return { folder, files: commands.map((entry) => entry.file) };
}

/** Runs clang-tidy on one file. Resolves to what it found, or to an empty text. */
function tidy(folder, file) {
  return new Promise((resolve, reject) => {
    const child = spawn('clang-tidy', ['-p', folder, '--quiet', file], { cwd: root });
    const found = [];
    const said = [];
    child.stdout.on('data', (data) => found.push(data));
    child.stderr.on('data', (data) => said.push(data));
    child.once('error', reject);
    child.once('close', (status) => {
      // Standard error counts the warnings of system headers; it matters only when clang-tidy itself failed.
      const text = Buffer.concat(found).toString();
      resolve(status === 0 ? '' : text.trim() === '' ? Buffer.concat(said).toString() : text);
    });
  });
}

/** Whether all sources pass the checks of .clang-tidy; prints what does not. */
async function checkTidy() {
  need('clang-tidy');
  const { folder, files } = compileCommands();
  console.log(`bptt: clang-tidy reads ${files.length} files`);
  const waiting = [...files];
  const findings = new Set(); // several sources find the same in one header
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const text = await tidy(folder, file);
      if (text === '' || findings.has(text)) continue;
      findings.add(text);
      console.error(text);
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, work));
  return findings.size === 0;
}

async function main() {
  const isStrict = Boolean(process.env.CI) && process.env.CI !== 'false';
  let passed = true;
  for (const check of [checkFormat, checkTidy]) {
    try {
      if (!(await check())) passed = false;
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      console.error(`\nbptt: ${isStrict ? 'FAILED' : 'SKIPPED'}: ${error.message}\n`);
      if (isStrict) passed = false;
    }
  }
  if (!passed) process.exitCode = 1;
}

main().catch((error) => {
  console.error(`bptt: ${error.message}`);
  process.exitCode = 1;
});
