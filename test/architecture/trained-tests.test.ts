import { describe, expect, it } from 'vitest';
import { filesBelow, readProjectFile } from './project-files.js';

const TRAINS = /\.trainStep(?:Sync)?\(|\btrainTask\(|\.fit\(/;
const JUDGES =
  /\bexpect\([^;]*\b(?:\w*[lL]oss|accuracy|perplexity|bleu|right|\w*[eE]rror\w*|mse|pinball|nats)\b[^;]*?\)\s*\.toBe(?:Less|Greater)Than/;

/**
 * Names of the tests of a source that train in their own lines and compare a result of the training with a bound. A
 * distance (`Math.abs`) compares two computations, so it does not count.
 */
function judgedTrainings(source: string): string[] {
  return source
    .split(/^(?= *it(?:\.\w+)*(?:<[^\n]*)?\()/m)
    .filter((test) => /^ *it/.test(test) && TRAINS.test(test))
    .filter((test) => test.split(';').some((line) => JUDGES.test(line) && !line.includes('Math.abs(')))
    .map((test) => /'([^'\n]+)'/.exec(test)?.[1] ?? test.slice(0, 80));
}

describe('tests that train and judge the result', () => {
  it('lie in files that run with every instruction set', () => {
    const others = filesBelow('test', ['.test.ts']).filter(
      (file) => !/\.trained\.test\.ts$|^test\/kernels\/|trained-tests/.test(file),
    );
    expect(others.length).toBeGreaterThan(50);
    const misplaced = others.flatMap((file) =>
      judgedTrainings(readProjectFile(file)).map((name) => `${file}: '${name}' belongs into a file *.trained.test.ts`),
    );
    expect(misplaced).toEqual([]);
  });

  it('are known by a training and a bound in one test', () => {
    const test = (...lines: readonly string[]) => `  it('learns', () => {\n    ${lines.join('\n    ')}\n  });\n`;
    const training = 'model.trainStepSync(batch);';
    const bound = 'expect(model.evaluateSync(batch).loss).toBeLessThan(0.1);';
    expect(judgedTrainings(test(training, bound))).toEqual(['learns']);
    expect(
      judgedTrainings(
        test(
          "const { metrics } = await trainTask('tag', options);",
          "expect(metrics.test?.['accuracy']).toBeGreaterThan(0.9);",
        ),
      ),
    ).toEqual(['learns']);
    expect(judgedTrainings(test(training))).toEqual([]);
    expect(judgedTrainings(test(bound))).toEqual([]);
    expect(judgedTrainings(test(training) + test(bound))).toEqual([]);
  });
});
