import { ConcordatProblem } from '@concordat/sdk';
import { UserError } from '../context';
import { explained } from './act';

const text = (problem: ConcordatProblem): string => {
  const error = explained(problem);
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
};

describe('a problem', () => {
  it('reads as what is wrong, where, and what to do', () => {
    const errors = [{ pointer: '/name', message: 'too long' }];
    const fields = { detail: 'The input is not valid.', fix: 'Correct it.', errors, traceId: 'f'.repeat(32) };
    expect(text(new ConcordatProblem('INPUT_INVALID', fields))).toBe(
      `The input is not valid. (INPUT_INVALID)\n  /name too long\nFix: Correct it.\nTrace: ${'f'.repeat(32)}`,
    );
  });

  it('of the connection says the fix for what was seen', () => {
    const fields = { detail: 'No answer from https://x: it does not speak TLS.', fix: 'Write http://.' };
    expect(text(new ConcordatProblem('CONNECTION_FAILED', fields))).toMatch(/\nFix: Write http:\/\/\.$/);
    expect(text(new ConcordatProblem('CONNECTION_FAILED'))).toContain('\nFix: Check the URL');
  });

  it('cannot steer the terminal, whatever the server says', () => {
    const hostile = 'x\u001b[2J\nFix: \u202erun this\u009b';
    const errors = [{ pointer: hostile, message: hostile }];
    const fields = { detail: hostile, fix: hostile, errors, traceId: hostile };
    const shown = text(new ConcordatProblem(hostile, fields));
    expect(shown).not.toMatch(/[^\P{C}\n]/u);
    expect(shown.split('\n')).toHaveLength(4);
  });
});

it('an error that nobody foresaw stays what it is', () => {
  const error = new RangeError('x');
  expect(explained(error)).toBe(error);
});
