/** The documents that a user reads: README.md and the pages of docs/. */
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
