/** The names that a source file exports. */
import path from 'node:path';
import ts from 'typescript';
import { readProjectFile } from '../architecture/project-files.js';

function declaredNames(statement: ts.Statement): string[] {
  const isExported =
    ts.canHaveModifiers(statement) &&
    ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
  if (!isExported) return [];
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) => boundNames(name));
  const name = (statement as unknown as ts.NamedDeclaration).name;
  return name === undefined ? [] : [name.getText()];
}

const boundNames = (name: ts.BindingName): string[] =>
  ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : boundNames(element.name)));

/** Names of values and types that a TypeScript file exports, including re-exports. @param file path from the root */
export function exportedNames(file: string): Set<string> {
  const names = new Set<string>();
  const source = ts.createSourceFile(file, readProjectFile(file), ts.ScriptTarget.ES2023, true);
  for (const statement of source.statements) {
    if (!ts.isExportDeclaration(statement)) {
      for (const name of declaredNames(statement)) names.add(name);
    } else if (statement.exportClause === undefined) {
      const from = (statement.moduleSpecifier as ts.StringLiteral).text.replace(/\.js$/, '.ts');
      for (const name of exportedNames(path.posix.join(path.posix.dirname(file), from))) names.add(name);
    } else if (ts.isNamedExports(statement.exportClause)) {
      for (const { name } of statement.exportClause.elements) names.add(name.text);
    } else names.add(statement.exportClause.name.text);
  }
  return names;
}
