import fc from 'fast-check';
import { errorCatalogue, type ErrorCode, errorDefinition } from './error-catalogue';
import { ConcordatError } from './errors';
import { errorFrame, fromErrorFrame, problem, toErrorFrame, toProblem } from './problem';

const codes = Object.keys(errorCatalogue) as ErrorCode[];

describe('a problem', () => {
  it.each(codes)('for %s says what the catalogue says', (code) => {
    const { title, status, fix } = errorDefinition(code);
    const shown = toProblem(new ConcordatError(code, 'what happened'), 'trace');
    expect(shown).toEqual({
      type: `urn:concordat:error:${code}`,
      title,
      status,
      detail: 'what happened',
      code,
      fix,
      traceId: 'trace',
      errors: [],
    });
    expect(problem.parse(shown)).toEqual(shown);
  });

  it('carries the fields that are wrong', () => {
    const errors = [{ pointer: '/name', message: 'must not be empty' }];
    expect(toProblem(new ConcordatError('INPUT_INVALID', 'no', { errors }), 't').errors).toEqual(errors);
  });

  it.each([
    [
      'an error of ours with a cause',
      new ConcordatError('OVERLOADED', 'full', { cause: new Error('S3cr3t') }),
    ],
    ['an error of the system', Object.assign(new Error('S3cr3t'), { code: 'S3cr3t', path: '/S3cr3t' })],
    [
      'an error that calls itself ours',
      Object.assign(new Error('S3cr3t'), { name: 'ConcordatError', code: 'S3cr3t' }),
    ],
    ['thrown text', 'S3cr3t'],
    ['a thrown object', { message: 'S3cr3t', detail: 'S3cr3t' }],
  ])('never leaks the cause: %s', (_, thrown) => {
    expect(JSON.stringify(toProblem(thrown, 'trace'))).not.toContain('S3cr3t');
    expect(JSON.stringify(toErrorFrame(thrown))).not.toContain('S3cr3t');
  });
});

describe('an error that travels in a frame', () => {
  const errors = fc.record({
    code: fc.constantFrom(...codes),
    detail: fc.string(),
    errors: fc.array(fc.record({ pointer: fc.string(), message: fc.string() }), { maxLength: 3 }),
    retryAfterSeconds: fc.option(fc.nat(3_600), { nil: undefined }),
  });

  it('arrives as it was sent, through JSON', () => {
    fc.assert(
      fc.property(errors, ({ code, detail, ...details }) => {
        const sent = new ConcordatError(code, detail, details);
        const arrived = fromErrorFrame(errorFrame.parse(JSON.parse(JSON.stringify(toErrorFrame(sent)))));
        expect(arrived).toMatchObject({ code, detail, errors: details.errors });
        expect(arrived.retryAfterSeconds).toBe(sent.retryAfterSeconds);
        expect(arrived.message).toBe(sent.message);
      }),
    );
  });

  it.each(['NEWER_CODE', 'toString', '__proto__', ''])(
    'with the unknown code %j is one of the server',
    (code) => {
      const arrived = fromErrorFrame({ code, detail: 'x', errors: [] });
      expect(arrived).toMatchObject({ code: 'INTERNAL', status: 500 });
    },
  );
});
