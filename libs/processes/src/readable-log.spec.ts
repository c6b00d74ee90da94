import { NotReadyError } from './not-ready-error';
import { readableLog } from './readable-log';

const stack = 'Error: connect ECONNREFUSED\n    at TCPConnectWrap.afterConnect (node:net:1611:16)';
const line = (time: number, more: object = {}): string =>
  JSON.stringify({
    level: 'error',
    time,
    service: 'iam',
    traceId: 'abc',
    err: { type: 'Error', message: 'connect ECONNREFUSED', stack },
    msg: 'start failed',
    ...more,
  });

describe('the last lines of a log', () => {
  it('of structured lines say what happened and why, without stacks', () => {
    expect(readableLog([line(1)])).toEqual(['start failed: connect ECONNREFUSED']);
    expect(readableLog([line(1, { err: undefined, error: { message: 'no space' } })])).toEqual([
      'start failed: no space',
    ]);
    expect(readableLog([line(1, { err: undefined })])).toEqual(['start failed']);
  });

  it('tell causes that say something new', () => {
    const err = {
      message: 'opening: disk full',
      cause: { message: 'disk full', cause: { message: 'ENOSPC' } },
    };
    expect(readableLog([line(1, { err })])).toEqual(['start failed: opening: disk full: ENOSPC']);
  });

  it('say each thing once, where it was said last, and how often', () => {
    expect(readableLog([line(1), 'other', line(2), line(3)])).toEqual([
      'other',
      'start failed: connect ECONNREFUSED (3 times)',
    ]);
  });

  it('leave out the frames of stacks, and blank lines', () => {
    const printed = [
      'TypeError: x is not a function',
      '    at run (/srv/main.js:1:2)',
      '    at /srv/main.js:3:4',
      '    at async Promise.all (index 0)',
      '    at new Promise (<anonymous>)',
      '',
      'meet at noon',
    ];
    expect(readableLog(printed)).toEqual(['TypeError: x is not a function', 'meet at noon']);
  });

  it('are short, and few', () => {
    expect(readableLog(['x'.repeat(10_000)])[0]).toHaveLength(600);
    expect(readableLog(Array.from({ length: 50 }, (_, index) => `line ${index}`)).at(0)).toBe('line 30');
    expect(readableLog([line(1, { err: { message: 'two\n  lines' } })])).toEqual(['start failed: two lines']);
  });

  it('of other text stay as they are', () => {
    expect(readableLog(['{ not json', '[1]', '{"a":1}'])).toEqual(['{ not json', '[1]', '{"a":1}']);
  });

  it('make the message of a process that did not become ready', () => {
    const { message } = new NotReadyError('iam-service', 'exit code 1', '/l', [line(1), line(2)]);
    expect(message).toBe(
      'iam-service did not become ready: exit code 1.\nLast lines of /l:\n    start failed: connect ECONNREFUSED (2 times)',
    );
  });
});
