/** An example as a module: with imports of the names that it uses, and with checks of the values in its comments. */
import ts from 'typescript';

/** Whether an identifier is the name of a property, and not a variable. */
function isKey(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent)) return parent.name === node;
  if (ts.isBindingElement(parent)) return parent.propertyName === node;
  return ts.isMethodDeclaration(parent) || ts.isPropertySignature(parent);
}

/** The names that a text uses and does not declare itself. */
function freeNames(code: string): string[] {
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isDeclaration = ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent);
      if (isDeclaration && parent.name === node) declared.add(node.text);
      else if (!isKey(node)) used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2023, true));
  return [...used].filter((name) => !declared.has(name)).sort();
}

/** Where names come from: the module of each name. */
export type NameSources = ReadonlyMap<string, string>;

/** Lines such as `editDistance(a, b).distance; // => 3` as checks. */
const withChecks = (code: string) => code.replace(/^(.+?);\s*\/\/ => (.+)$/gm, 'deepStrictEqual($1, $2);');

/** An example as a TypeScript module. The names that it uses come from the first of the sources that has them. */
export function exampleModule(code: string, sources: readonly NameSources[]): string {
  const body = withChecks(code);
  const imports = freeNames(body).flatMap((name) => {
    const from = sources.find((source) => source.has(name))?.get(name);
    return from === undefined ? [] : [`import { ${name} } from '${from}';`];
  });
  return `${imports.join(' ')}\n${body}\nexport {};\n`;
}
