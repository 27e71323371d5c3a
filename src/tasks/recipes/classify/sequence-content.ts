/** Texts that are empty, or hold only blanks, are no sequences. */
import { invalidRow, quoted, type RowPlace } from '../../../files/row-error.js';
import { isBlank } from '../../../files/text.js';
import type { RawInput } from '../../building-blocks/sequence-inputs.js';

/**
 * Refuses a text without a character other than white space, and a list with such a token.
 *
 * @param what part of the row, for messages
 * @throws {DataError} `invalid_row`
 */
export function requireContent(input: RawInput, what: string, place: RowPlace): void {
  const refuse = (expected: string, text: string): never => {
    throw invalidRow(place, what, expected, text === '' ? 'nothing' : `${quoted(text)}, which has only white space`);
  };
  if (typeof input === 'string') {
    if (isBlank(input)) refuse('a text', input);
  } else if (Array.isArray(input)) {
    const at = input.findIndex(isBlank);
    if (at >= 0) refuse(`a token at place ${at + 1}`, input[at]);
  }
}
