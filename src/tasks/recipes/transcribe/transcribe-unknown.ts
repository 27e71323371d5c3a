/** Symbols of held-out texts that the training part does not have. */
import { listSome } from '../../../core/list-some.js';
import type { TranscriptSymbols } from '../../../data/transcript-symbols.js';

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
  const shown = listSome(found.map((symbol) => JSON.stringify(symbol)));
  return [
    `${part}: ${unknown.length} of ${clips.length} texts have ${kind} that no training text has, which count as errors: ${shown}`,
  ];
}
