/** Symbols of held-out texts that the training part does not have. */
import type { TranscriptSymbols } from '../../../data/transcript-symbols.js';

/** Symbols that a note shows. */
const SHOWN = 5;

/**
 * A note about the symbols of a part that no training text has, which the model cannot write; none when there is no such symbol.
 *
 * @param part its name, or its file
 */
export function unknownNote(
  part: string,
  clips: readonly { readonly text: string }[],
  symbols: TranscriptSymbols,
): readonly string[] {
  const unknown = clips.map(({ text }) => symbols.encodeKnown(text).unknown).filter(({ length }) => length > 0);
  if (unknown.length === 0) return [];
  const found = [...new Set(unknown.flat())];
  const kind = symbols.level === 'words' ? 'words' : 'characters';
  const shown = found.slice(0, SHOWN).map((symbol) => JSON.stringify(symbol));
  const more = found.length > SHOWN ? `, and ${found.length - SHOWN} more` : '';
  return [
    `${part}: ${unknown.length} of ${clips.length} texts have ${kind} that no training text has, which count as errors: ${shown.join(', ')}${more}`,
  ];
}
