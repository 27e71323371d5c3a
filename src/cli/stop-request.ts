import { constants } from 'node:os';

/** Signals that ask a command to stop. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Shows the cursor and turns line wrapping on, in case a progress bar has changed them. */
const RESTORE_TERMINAL = '\x1b[?25h\x1b[?7h\n';

/** The reason for the abort of a command: a signal. */
export class StopRequest extends Error {
  readonly signalName: NodeJS.Signals;
  /** 130 after SIGINT, 143 after SIGTERM. */
  readonly status: number;

  constructor(signalName: NodeJS.Signals) {
    super(`stopped by ${signalName}`);
    this.name = 'StopRequest';
    this.signalName = signalName;
    this.status = 128 + constants.signals[signalName];
  }
}

/**
 * Turns the first SIGINT or SIGTERM into an abort, so that a command can finish cleanly. A second signal ends the
 * process immediately.
 */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of SIGNALS) {
    process.on(name, () => {
      const request = new StopRequest(name);
      if (!controller.signal.aborted) {
        controller.abort(request);
        return;
      }
      if (process.stderr.isTTY) process.stderr.write(RESTORE_TERMINAL);
      process.exit(request.status);
    });
  }
  return controller.signal;
}
