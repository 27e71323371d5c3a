'use strict';
/*
 * Runs when the package is installed: nothing to do when a binary for this platform is there, otherwise builds it.
 * `npm_config_build_from_source=true npm rebuild bptt` builds in any case.
 */
const path = require('node:path');

const root = path.join(__dirname, '..');
const forced = ['true', 'bptt'].includes(process.env.npm_config_build_from_source ?? '');

function hasBinary() {
  try {
    require('node-gyp-build')(root);
    return true;
  } catch (error) {
    console.error(`bptt: no usable binary (${String(error.message).split('\n')[0]}); building from source.`);
    return false;
  }
}

if (forced || !hasBinary()) {
  const { buildAdvice, missingParts } = require('./build-requirements.cjs');
  const missing = missingParts().filter((part) => part !== 'eigen'); // comes with the package
  if (missing.length > 0) {
    console.error(buildAdvice(`the build from source lacks ${missing.join(', ')}.`));
    process.exit(1);
  }
  require('./build-native.cjs');
}
