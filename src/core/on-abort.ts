/** What waits for a signal. */

/** Actions by signal: one listener for all of them, as Node warns of a leak when a signal has more than ten. */
const ACTIONS = new WeakMap<AbortSignal, { readonly actions: Set<() => void>; listen(): void }>();

/**
 * Calls an action when a signal is aborted. The signal has a listener only as long as an action waits for it.
 *
 * @returns ends the wait; it may be called more than once, and after the abort
 */
export function onAbort(signal: AbortSignal, action: () => void): () => void {
  let entry = ACTIONS.get(signal);
  if (entry === undefined) {
    const actions = new Set<() => void>();
    const listen = () => {
      ACTIONS.delete(signal);
      for (const each of actions) each();
    };
    entry = { actions, listen };
    ACTIONS.set(signal, entry);
    signal.addEventListener('abort', listen, { once: true });
  }
  const { actions, listen } = entry;
  const own = () => action(); // the same function may be given more than once
  actions.add(own);
  return () => {
    if (!actions.delete(own) || actions.size > 0 || ACTIONS.get(signal)?.listen !== listen) return;
    ACTIONS.delete(signal);
    signal.removeEventListener('abort', listen);
  };
}
