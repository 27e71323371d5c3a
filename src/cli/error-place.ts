/** A line of a stack that names a file: a frame, or the line above a syntax error. */
const PLACE = /^(?:\s+at (?:.*\()?)?((?:file:\/\/)?[^\s()]+\.[cm]?[jt]s:\d+(?::\d+)?)\)?$/;

/** Where in a file an error was raised, for the author of a task: `file:///tasks/mine.mjs:12:3`. */
export function errorPlace(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  for (const line of (error.stack ?? '').split('\n')) {
    const place = PLACE.exec(line)?.[1];
    if (place !== undefined) return place;
  }
  return undefined;
}
