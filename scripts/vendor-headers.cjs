'use strict';
/*
 * Copies the headers that the native build includes into native/third_party, so that the package builds from source without a
 * network and without packages of Node: what `#include <Eigen/Core>` needs, node-addon-api and node-api-headers. Runs before
 * `npm pack`; `--remove` takes them away afterwards, so that a clone goes on building with the installed ones. Eigen is under the
 * Mozilla Public License 2.0, the others under the MIT license; their texts go along.
 */
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const thirdParty = path.join(root, 'native', 'third_party');
const target = path.join(thirdParty, 'eigen');
const parts = ['Core', 'Version', 'src/Core', 'src/misc', 'src/plugins'];

/** The folder that CMake found when it configured the build. */
function foundByCmake() {
  const build = path.join(root, 'build');
  for (const name of fs.existsSync(build) ? fs.readdirSync(build) : []) {
    const commands = path.join(build, name, 'compile_commands.json');
    if (!fs.existsSync(commands)) continue;
    for (const [, folder] of fs.readFileSync(commands, 'utf8').matchAll(/-isystem ([^ "]+)/g)) {
      if (fs.existsSync(path.join(folder, 'Eigen', 'Core'))) return folder;
    }
  }
  return undefined;
}

function eigenFolder() {
  const prefixes = ['/usr', '/usr/local', '/opt/homebrew'].map((prefix) => path.join(prefix, 'include', 'eigen3'));
  const places = [process.env.BPTT_EIGEN_DIR ?? '', foundByCmake() ?? '', ...prefixes].filter(Boolean);
  const found = places.find((place) => fs.existsSync(path.join(place, 'Eigen', 'Core')));
  if (!found) {
    console.error(`bptt: Eigen was not found in ${places.join(', ')}; set BPTT_EIGEN_DIR.`);
    process.exit(1);
  }
  return path.resolve(found);
}

function licenseText(source) {
  const places = [
    path.join(source, 'COPYING.MPL2'),
    path.join(source, '..', '..', 'share', 'common-licenses', 'MPL-2.0'),
  ];
  const found = places.find((place) => fs.existsSync(place));
  if (found) return fs.readFileSync(found);
  console.error(`bptt: the text of the Mozilla Public License 2.0 was not found in ${places.join(', ')}.`);
  return process.exit(1);
}

function vendor(source) {
  const license = licenseText(source);
  fs.rmSync(target, { recursive: true, force: true });
  for (const part of parts) {
    const from = path.join(source, 'Eigen', part);
    if (fs.existsSync(from)) fs.cpSync(from, path.join(target, 'Eigen', part), { recursive: true });
  }
  fs.writeFileSync(path.join(target, 'COPYING.MPL2'), license);
  console.error(`bptt: copied Eigen from ${source}`);
}

/** The headers of Node-API: of each package its folder in node_modules, and the files that a build reads. */
function vendorNodeHeaders() {
  const packages = {
    'node-addon-api': ['napi.h', 'napi-inl.h', 'napi-inl.deprecated.h', 'LICENSE.md', 'package.json'],
    'node-api-headers': ['include', 'def', 'LICENSE', 'package.json'],
  };
  for (const [name, names] of Object.entries(packages)) {
    const from = path.dirname(require.resolve(`${name}/package.json`));
    const to = path.join(thirdParty, name);
    fs.rmSync(to, { recursive: true, force: true });
    for (const part of names) fs.cpSync(path.join(from, part), path.join(to, part), { recursive: true });
  }
}

if (process.argv.includes('--remove')) {
  fs.rmSync(thirdParty, { recursive: true, force: true });
} else {
  const source = eigenFolder();
  if (source !== target) vendor(source);
  vendorNodeHeaders();
}
