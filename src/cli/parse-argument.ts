import { InvalidArgumentError } from 'commander';

/** A number on the command line. Ranges are checked by what uses it. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It is not a number.');
  return value;
}

/** A fraction, or the name of a file. */
export function parseFractionOrFile(text: string): number | string {
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) ? value : text;
}
