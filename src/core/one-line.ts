/** A text with its control characters written out, so that names in files of others cannot move the cursor of a terminal. Line feeds stay. */
export function printable(text: string): string {
  return text.replace(/(?!\n)\p{Cc}/gu, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** A text as one line: its lines without the white space around them, a space between them. The time grows with the length. */
export function oneLine(text: string): string {
  if (!text.includes('\n')) return text;
  const lines = text.split('\n').map((line, at, all) => {
    const isFirst = at === 0;
    const isLast = at === all.length - 1;
    return isFirst ? line.trimEnd() : isLast ? line.trimStart() : line.trim();
  });
  return lines.filter((line, at, all) => line !== '' || at === 0 || at === all.length - 1).join(' ');
}
