/** Files that systems put into folders: they are no data. */

/** Names that systems other than Unix hide. */
const SYSTEM_FILES: readonly string[] = ['thumbs.db', 'ehthumbs.db', 'desktop.ini', 'icon\r'];

/** Whether a file is hidden: its name begins with a point (`.DS_Store`, `._x.txt`), or it is `Thumbs.db` or the like. */
export function isHiddenFile(name: string): boolean {
  return name.startsWith('.') || SYSTEM_FILES.includes(name.toLowerCase());
}

/** A note on hidden files in a folder; none where there are none. */
export function hiddenNotes(folder: string, hidden: readonly string[], shown = 3): readonly string[] {
  if (hidden.length === 0) return [];
  const [number, verb] = hidden.length === 1 ? ['1 hidden file', 'is'] : [`${hidden.length} hidden files`, 'are'];
  const names = hidden.slice(0, shown).join(', ');
  return [`${number} of '${folder}' ${verb} left out: ${names}${hidden.length > shown ? ', ...' : ''}`];
}
