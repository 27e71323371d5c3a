import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot, readProjectFile } from '../architecture/project-files.js';
import { packageEntries } from '../packaging/package-entries.js';
import { documents, linksOf, proseOf, targetOf } from './documents.js';

/** What a heading is called in a link. */
const anchorsOf = (document: string) =>
  [...proseOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('the README', () => {
  it('has at most 150 lines', () => {
    expect(readProjectFile('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  });
});

describe('the documents', () => {
  it.each(documents)('%s links to files and headings that exist', (document) => {
    const dead = linksOf(document).filter((link) => {
      const target = targetOf(document, link);
      if (!existsSync(path.join(projectRoot, target))) return true;
      const anchor = /#(.+)$/.exec(link)?.[1];
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(dead).toEqual([]);
  });

  it('use every footnote that they have, and have every one that they use', () => {
    for (const document of documents) {
      const text = proseOf(document);
      const notes = [...text.matchAll(/^\[\^([^\]]+)\]:/gm)].map(([, name]) => name);
      const uses = new Set(
        [...text.replace(/^\[\^[^\]]+\]:/gm, '').matchAll(/\[\^([^\]]+)\]/g)].map(([, name]) => name),
      );
      expect([...uses].sort(), document).toEqual(notes.sort());
    }
  });

  it('are all listed in docs/README.md', () => {
    const listed = linksOf('docs/README.md').map((link) => targetOf('docs/README.md', link));
    const pages = documents.filter((document) => !['README.md', 'docs/README.md'].includes(document));
    expect(pages.filter((page) => !listed.includes(page))).toEqual([]);
  });

  it('name every entry of the package in docs/entries.md, and the README does, too', () => {
    for (const document of ['README.md', 'docs/entries.md']) {
      const table = proseOf(document);
      expect(packageEntries.filter(({ specifier }) => !table.includes(`\`${specifier}\``))).toEqual([]);
    }
  });
});
