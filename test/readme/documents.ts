/** The documents that a user reads: README.md and the pages of docs/. */
import path from 'node:path';
import { filesBelow, readProjectFile } from '../architecture/project-files.js';

/** Paths from the root. */
export const documents: readonly string[] = ['README.md', ...filesBelow('docs', ['.md'])];

/** A block of code. */
export interface CodeBlock {
  readonly document: string;
  /** Line of its first line of code, from 1. */
  readonly line: number;
  readonly code: string;
}

/** The blocks of a language, in their order. */
export function codeBlocks(document: string, language: string): CodeBlock[] {
  const text = readProjectFile(document);
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => ({
    document,
    line: text.slice(0, match.index).split('\n').length + 1,
    code: match[1] as string,
  }));
}

/** A document without its blocks of code. */
export const proseOf = (document: string) => readProjectFile(document).replace(/^```[\s\S]*?^```/gm, '');

/** The targets of the links and pictures of a document, as written; links to other sites are left out. */
export const linksOf = (document: string) =>
  [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target as string)
    .filter((target) => !/^[a-z]+:/.test(target));

/** The file that a link leads to, from the root. */
export const targetOf = (document: string, link: string) =>
  path.posix.join(path.posix.dirname(document), link.replace(/#.*$/, '') || path.posix.basename(document));
