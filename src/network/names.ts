/** Names that users give: to inputs, nodes, outputs, axes, layers and losses. */

/**
 * Slashes are for the names that the library makes itself: of states, gradients and run-time numbers. A dot stands between
 * a layer and its parameter or state.
 */
export function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && !/[/.]/.test(name);
}
