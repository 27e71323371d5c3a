'use strict';
const { spawnSync } = require('node:child_process');

/**
 * Runs a program as a step of a script, with its output shown; ends this process with its status when that is not 0.
 *
 * @param {string} program
 * @param {readonly string[]} options
 * @param {{ cwd: string, environment?: Record<string, string> }} settings `environment` is added to that of this process
 */
function runStep(program, options, { cwd, environment = {} }) {
  const { status, error } = spawnSync(program, options, {
    cwd,
    env: { ...process.env, ...environment },
    stdio: 'inherit',
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

module.exports = { runStep };
