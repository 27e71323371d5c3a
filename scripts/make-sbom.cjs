'use strict';
/*
 * Writes sbom.cdx.json, the list of software in the package as CycloneDX: what npm installs beside it, and what is inside: packages
 * that are joined into dist/, the headers in native/third_party. Runs before `npm pack`; `--remove` takes it away afterwards.
 */
const fs = require('node:fs');
const path = require('node:path');
const { npm } = require('./packed-package.cjs');

const root = path.join(__dirname, '..');
const target = path.join(root, 'sbom.cdx.json');
const read = (/** @type {string} */ file) => fs.readFileSync(path.join(root, file), 'utf8');

/** A component that is inside the package. */
function inside(name, version, license, purl) {
  return {
    'bom-ref': `${name}@${version}`,
    type: 'library',
    name,
    version,
    scope: 'required',
    purl,
    licenses: [{ license: { id: license } }],
  };
}

/** The packages of npm that dist/third-party-licenses.txt names. */
function joinedPackages() {
  const lines = read('dist/third-party-licenses.txt').matchAll(
    /^((?:@[\w.-]+\/)?[\w.-]+) (\d+\.\d+\.\d+\S*) \((\S+)\)$/gm,
  );
  return [...lines].map(([, name = '', version = '', license = '']) =>
    inside(name, version, license, `pkg:npm/${name.replace('@', '%40')}@${version}`),
  );
}

function headers() {
  const packages = ['node-addon-api', 'node-api-headers'].map((name) => {
    const { version, license } = JSON.parse(read(`native/third_party/${name}/package.json`));
    return inside(name, version, license, `pkg:npm/${name}@${version}`);
  });
  const macros = read('native/third_party/eigen/Eigen/src/Core/util/Macros.h');
  const number = (/** @type {string} */ part) =>
    new RegExp(`define EIGEN_${part}_VERSION (\\d+)`).exec(macros)?.[1] ?? '';
  const version = ['WORLD', 'MAJOR', 'MINOR'].map(number).join('.');
  return [...packages, inside('eigen', version, 'MPL-2.0', `pkg:gitlab/libeigen/eigen@${version}`)];
}

/** Installed packages that npm leaves out of its list: those that a development package needs, too. */
function forgotten(components) {
  const { packages } = JSON.parse(read('package-lock.json'));
  return Object.entries(packages).flatMap(([where, { dev, devOptional, version, license }]) => {
    const name = where.slice(where.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const isListed = components.some((/** @type {{ name: string }} */ component) => component.name === name);
    return where === '' || dev || devOptional || isListed
      ? []
      : [inside(name, version, license, `pkg:npm/${name}@${version}`)];
  });
}

function make() {
  const bom = JSON.parse(
    npm(['sbom', '--omit', 'dev', '--sbom-format', 'cyclonedx', '--package-lock-only'], { cwd: root }),
  );
  bom.metadata.component.name = 'bptt'; // npm takes the name of the folder
  const added = [...forgotten(bom.components), ...joinedPackages(), ...headers()];
  bom.components.push(...added);
  bom.dependencies.push(...added.map((component) => ({ ref: component['bom-ref'], dependsOn: [] })));
  const own = bom.dependencies.find(
    (/** @type {{ ref: string }} */ entry) => entry.ref === bom.metadata.component['bom-ref'],
  );
  own.dependsOn.push(...added.map((component) => component['bom-ref']));
  fs.writeFileSync(target, `${JSON.stringify(bom, null, 1)}\n`);
  console.error(`bptt: ${bom.components.length} components in sbom.cdx.json`);
}

if (process.argv.includes('--remove')) fs.rmSync(target, { force: true });
else make();
