/** Type checks of programs that use the package. */
import { join } from 'node:path';
import ts from 'typescript';
import { projectRoot } from '../architecture/project-files.js';

/** Errors of one strict type check of files below the root, where `bptt` is the built package, by file. */
export function typeErrors(files: readonly string[]): Map<string, string[]> {
  const program = ts.createProgram(files, {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    typeRoots: [join(projectRoot, 'node_modules', '@types')],
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  });
  return new Map(
    files.map((file) => [
      file,
      ts
        .getPreEmitDiagnostics(program, program.getSourceFile(file))
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
    ]),
  );
}
