/** The examples in the doc comments of src/: the place of each, and each as a separate module. */
import ts from 'typescript';
import { filesBelow, readProjectFile } from '../architecture/project-files.js';

/** An `@example` of a doc comment. */
export interface DocExample {
  readonly file: string;
  /** Line of the tag, from 1. */
  readonly line: number;
  /** What it is an example of: `packSequences`, `Model.predict`. */
  readonly of: string;
  readonly code: string;
}

/** What has been found so far. */
interface Found {
  readonly examples: DocExample[];
  /** The base class of each class, by name. */
  readonly bases: Map<string, string>;
}

const nameOf = (node: ts.Node): string | undefined => {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations[0]?.name.getText();
  return (node as ts.NamedDeclaration).name?.getText();
};

/** The text of a tag without the asterisks of its comment. */
function textOf(source: ts.SourceFile, tag: ts.JSDocTag): string {
  const raw = source.text.slice(tag.tagName.end, tag.end);
  return raw
    .split('\n')
    .map((line, at) => (at === 0 ? line : line.replace(/^\s*\*? ?/, '')))
    .join('\n')
    .trim();
}

function readFile(file: string, { examples, bases }: Found): void {
  const source = ts.createSourceFile(file, readProjectFile(file), ts.ScriptTarget.ES2023, true);
  const seen = new Set<number>();
  const visit = (node: ts.Node, owner: string): void => {
    const name = nameOf(node);
    const of = name === undefined ? owner : owner === '' ? name : `${owner}.${name}`;
    for (const tag of ts.getJSDocTags(node)) {
      if (tag.tagName.text !== 'example' || seen.has(tag.pos)) continue;
      seen.add(tag.pos);
      const line = source.getLineAndCharacterOfPosition(tag.pos).line + 1;
      examples.push({ file, line, of, code: textOf(source, tag) });
    }
    if (ts.isClassDeclaration(node) && node.name !== undefined) {
      const base = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0];
      if (base !== undefined) bases.set(node.name.text, base.expression.getText());
    }
    const isMembered = ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node);
    for (const member of isMembered ? node.members : []) visit(member, of);
  };
  for (const statement of source.statements) visit(statement, '');
}

/** All examples, and the names of the classes that extend a class: these inherit its examples. */
export function docExamples(): {
  readonly examples: readonly DocExample[];
  extending(name: string): readonly string[];
} {
  const found: Found = { examples: [], bases: new Map() };
  for (const file of filesBelow('src', ['.ts'])) readFile(file, found);
  const extending = (name: string): string[] =>
    [...found.bases].flatMap(([one, base]) => (base === name ? [one, ...extending(one)] : []));
  return { examples: found.examples, extending };
}
