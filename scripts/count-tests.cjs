'use strict';
/* Prints 'N passed, N failed, N skipped' from a JSON report of vitest; fails when no test passed or any failed. */
const fs = require('node:fs');

function count(file) {
  try {
    const report = JSON.parse(fs.readFileSync(file, 'utf8'));
    const failedFiles = report.testResults.filter(({ status, assertionResults }) => {
      return status === 'failed' && !assertionResults.some((test) => test.status === 'failed'); // did not even load
    });
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + failedFiles.length,
      skipped: report.numPendingTests + report.numTodoTests,
    };
  } catch (error) {
    console.error(`bptt: no report of the tests: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const { passed, failed, skipped } = count(process.argv[2]);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
