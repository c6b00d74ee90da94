import { ConcordatError, asConcordatError, isConcordatError } from './errors';

describe('an error of ours', () => {
  it('takes status and words from the catalogue', () => {
    const error = new ConcordatError('AGENT_UNKNOWN');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'ConcordatError',
      code: 'AGENT_UNKNOWN',
      status: 404,
      detail: 'There is no such agent.',
      message: 'AGENT_UNKNOWN: There is no such agent.',
      errors: [],
      retryAfterSeconds: undefined,
    });
  });

  it('takes the time to wait from the catalogue, unless told another', () => {
    expect(new ConcordatError('INBOX_FULL').retryAfterSeconds).toBe(5);
    expect(new ConcordatError('INBOX_FULL', 'full', { retryAfterSeconds: 9 }).retryAfterSeconds).toBe(9);
  });

  it('is recognised, by its code if asked', () => {
    const error = new ConcordatError('OVERLOADED');
    expect(isConcordatError(error)).toBe(true);
    expect(isConcordatError(error, 'OVERLOADED')).toBe(true);
    expect(isConcordatError(error, 'INTERNAL')).toBe(false);
  });

  it('of another copy of the library is recognised', () => {
    const foreign = Object.assign(new Error('x'), { name: 'ConcordatError', code: 'OVERLOADED' });
    expect(isConcordatError(foreign)).toBe(true);
    expect(asConcordatError(foreign)).toBe(foreign);
  });

  it.each([
    ['a plain error', new Error('x')],
    ['an error of the system', Object.assign(new Error('x'), { code: 'ENOENT' })],
    ['our name without a code', Object.assign(new Error('x'), { name: 'ConcordatError' })],
    [
      'our name with a code of a newer version',
      Object.assign(new Error('x'), { name: 'ConcordatError', code: 'NEWER' }),
    ],
    [
      'our name with an inherited code',
      Object.assign(new Error('x'), { name: 'ConcordatError', code: 'toString' }),
    ],
    ['an object that is no error', { name: 'ConcordatError', code: 'OVERLOADED' }],
    ['text', 'OVERLOADED'],
    ['nothing', undefined],
  ])('is not %s: that becomes INTERNAL and keeps its cause for the log', (_, thrown) => {
    expect(isConcordatError(thrown)).toBe(false);
    const error = asConcordatError(thrown);
    expect(error.code).toBe('INTERNAL');
    expect(error.cause).toBe(thrown);
  });
});
