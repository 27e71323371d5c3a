import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { errorLine, exitStatus } from '../../src/cli/exit-status.js';
import { StopRequest } from '../../src/cli/stop-request.js';
import {
  CheckpointError,
  ConfigurationError,
  DataError,
  NativeError,
  NumericError,
  OptionError,
  RangeIndexError,
  ShapeError,
  UsageError,
  VocabularyError,
} from '../../src/core/errors.js';
import { oneLine } from '../../src/core/one-line.js';

describe('the line of an error', () => {
  it('has no line ends, in a time that grows with its length', () => {
    expect(errorLine(new DataError('x', 'a\n  b \n\n c'))).toBe('bptt: error [x]: a b c');
    const spaces = ' '.repeat(1e6);
    expect(oneLine(`a${spaces}b`)).toHaveLength(2 + 1e6);
    expect(errorLine(new DataError('x', `a${spaces}b`))).toHaveLength('bptt: error [x]: '.length + 4000); // the longest message
  });
});

describe('the exit status', () => {
  it.each([
    [0, new CommanderError(0, 'commander.help', 'help')],
    [2, new CommanderError(1, 'commander.unknownOption', 'unknown')],
    [2, new OptionError('invalid_option', '')],
    [2, new DataError('not_utf8', '')],
    [2, new VocabularyError('unknown_symbol', '')],
    [2, new ConfigurationError('run_exists', '')],
    [2, new UsageError('too_large', '')],
    [2, new CheckpointError('checkpoint_corrupt', '')],
    [2, new RangeIndexError('index_out_of_range', '')],
    [2, new NativeError('isa_unsupported', '')],
    [1, new CheckpointError('checkpoint_write_failed', '')],
    [1, new NativeError('native_missing', '')],
    [1, new NumericError('non_finite_loss', '')],
    [2, new ShapeError('shape_mismatch', '')],
    [2, new UsageError('not_streamable', '')],
    [1, new UsageError('model_busy', '')],
    [1, new TypeError('a bug')],
    [1, 'text'],
    [130, new StopRequest('SIGINT')],
    [143, new StopRequest('SIGTERM')],
  ])('%d for %s', (status, error) => expect(exitStatus(error)).toBe(status));

  it('comes with one line that has the code', () => {
    expect(errorLine(new DataError('too_short', 'a\n  b'))).toBe('bptt: error [too_short]: a b');
    expect(errorLine('text')).toBe('bptt: error [internal]: text');
  });

  it('names the place of an error that is none of the library’s', () => {
    const line = errorLine(new TypeError('x is not\na function'));
    expect(line).toMatch(/^bptt: error \[internal\]: x is not a function \(.*exit-status\.test\.ts:\d+:\d+\)$/);
    const syntax = Object.assign(new SyntaxError('no'), {
      stack: 'file:///a/b.mjs:3\nx y\n  ^\n\nSyntaxError: no\n    at compile (node:internal/x:1:2)',
    });
    expect(errorLine(syntax)).toBe('bptt: error [internal]: no (file:///a/b.mjs:3)');
  });
});
