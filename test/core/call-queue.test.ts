import { describe, expect, it } from 'vitest';
import { CallQueue } from '../../src/core/call-queue.js';

/** A queue whose calls note when they begin; each ends when it is told to. */
function observed() {
  const queue = new CallQueue();
  const begun: string[] = [];
  const request = (name: string, isAlone: boolean, signal?: AbortSignal) => {
    const entered = queue.enter(isAlone, signal).then(() => {
      begun.push(name);
    });
    entered.catch(() => {});
    return entered;
  };
  return { queue, begun, request };
}

/** Until calls that may begin have begun. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a queue of calls', () => {
  it('admits calls that share together, and one that works alone between those before and after it', async () => {
    const { queue, begun, request } = observed();
    for (const name of ['a', 'b']) request(name, false);
    request('alone', true);
    for (const name of ['c', 'd']) request(name, false);
    request('last', true);
    await settled();
    expect(begun).toEqual(['a', 'b']);
    queue.leave();
    await settled();
    expect(begun).toEqual(['a', 'b']);
    queue.leave();
    await settled();
    expect(begun).toEqual(['a', 'b', 'alone']);
    expect(queue.isAlone).toBe(true);
    queue.leave();
    await settled();
    expect(begun).toEqual(['a', 'b', 'alone', 'c', 'd']);
    queue.leave();
    queue.leave();
    await settled();
    expect(begun.at(-1)).toBe('last');
    queue.leave();
    expect(queue.isInUse).toBe(false);
  });

  it('never begins a call within its request', async () => {
    const { queue, begun, request } = observed();
    request('alone', true);
    expect(queue.isBusy).toBe(false);
    await settled();
    expect(begun).toEqual(['alone']);
  });

  it('lets those behind a call go on at once when that is aborted', async () => {
    const { queue, begun, request } = observed();
    const stop = new AbortController();
    request('a', false);
    const alone = request('alone', true, stop.signal);
    request('b', false);
    await settled();
    expect(begun).toEqual(['a']);
    stop.abort('enough');
    await expect(alone).rejects.toBe('enough');
    await settled();
    expect(begun).toEqual(['a', 'b']);
    for (const _ of begun) queue.leave();
    request('other', true);
    await settled();
    expect(begun.at(-1)).toBe('other');
  });

  it('refuses a call whose signal has been aborted already, and leaves no listener behind', async () => {
    const { queue, begun, request } = observed();
    await expect(request('a', true, AbortSignal.abort('before'))).rejects.toBe('before');
    const stop = new AbortController();
    const listeners = new Set<unknown>();
    const { signal } = stop;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    let added = 0;
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      added++;
      listeners.add(given[1]);
      add(...given);
    };
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      listeners.delete(given[1]);
      remove(...given);
    };
    for (let call = 0; call < 50; call++) request(String(call), true, signal);
    await settled();
    expect(added).toBe(1); // of one listener for all: Node warns of more than ten
    for (let call = 0; call < 50; call++) {
      queue.leave();
      await settled();
    }
    expect(begun).toHaveLength(50);
    expect(listeners.size).toBe(0);
  });

  it('refuses those that wait, not those that work', async () => {
    const { queue, begun, request } = observed();
    request('a', false);
    const waiting = [request('b', true), request('c', false)];
    await settled();
    queue.refuseWaiting('closed');
    for (const call of waiting) await expect(call).rejects.toBe('closed');
    expect(begun).toEqual(['a']);
    expect(queue.isBusy).toBe(true);
    queue.leave();
    request('d', true);
    await settled();
    expect(begun).toEqual(['a', 'd']);
  });

  it('goes on after a call that failed', async () => {
    const queue = new CallQueue();
    const failed = queue.alone(() => {
      throw new Error('failed');
    });
    const next = queue.alone(() => 'next');
    await expect(failed).rejects.toThrow('failed');
    expect(await next).toBe('next');
    expect(queue.isInUse).toBe(false);
  });

  it('calls a function at once where nobody else works or waits', async () => {
    const queue = new CallQueue();
    const order: string[] = [];
    const first = queue.alone(async () => order.push('first'));
    const second = queue.alone(async () => order.push('second'));
    order.push('requested');
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'requested', 'second']);
    await expect(queue.alone(() => order.push('never'), AbortSignal.abort('before'))).rejects.toBe('before');
    expect(queue.isInUse).toBe(false);
  });
});
