/** Functions of the user that work while a model waits for them: what they await of that model must not wait for their end. */
import { AsyncLocalStorage } from 'node:async_hooks';

/** A function at work. */
interface UserAction {
  /** What waits for it. */
  readonly owner: object;
  /** Whether it may change the model. */
  readonly isChanging: boolean;
  isAtWork: boolean;
  /** The function that called this one. */
  readonly outer: UserAction | undefined;
}

const CURRENT = new AsyncLocalStorage<UserAction>();
let atWork = 0;

/** Calls a function. Until its promise has settled `actionWithin` knows what it calls, also behind an `await`. */
export async function asUserAction<T>(owner: object, isChanging: boolean, action: () => Promise<T>): Promise<T> {
  const current: UserAction = { owner, isChanging, isAtWork: true, outer: CURRENT.getStore() };
  atWork++;
  try {
    return await CURRENT.run(current, action);
  } finally {
    current.isAtWork = false;
    atWork--;
    if (atWork === 0) CURRENT.disable(); // all promises of the process would be slower
  }
}

/** The function at work, for an owner, that makes this call: `changing` or `reading`; undefined where the call comes from elsewhere. */
export function actionWithin(owner: object): 'changing' | 'reading' | undefined {
  let found: 'reading' | undefined;
  for (let action = CURRENT.getStore(); action !== undefined; action = action.outer) {
    if (action.owner !== owner || !action.isAtWork) continue;
    if (action.isChanging) return 'changing';
    found = 'reading';
  }
  return found;
}
