/** What the permission model of Node lets this process do. */

/**
 * Whether this process may read a file or a folder. Without the permission model it may: the system decides.
 *
 * @param place absolute path
 */
export function mayRead(place: string): boolean {
  const { permission } = process as { readonly permission?: { has(scope: string, reference: string): boolean } };
  return permission?.has('fs.read', place) ?? true;
}
