/** Files that stay open for what was made of them. */

/** Something that is closed at the end. */
interface Closable {
  close(): void;
}

/**
 * What is made of an open file, which stays open for it. The file is closed where that fails.
 *
 * @throws as `make`
 */
export function keptOpen<F extends Closable, T extends object>(file: F, make: (file: F) => T): T & Closable {
  try {
    return { ...make(file), close: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}
