import fc from 'fast-check';
import { requireGoodPassword } from './password-rules';

const ada = { email: 'ada.lovelace@example.org', name: 'Ada Lovelace' };
const judge = (password: string): string => {
  try {
    requireGoodPassword(password, ada);
    return 'good';
  } catch (error) {
    const { code, detail } = error as { code: string; detail: string };
    return code === 'PASSWORD_UNACCEPTABLE' ? detail : code;
  }
};

describe('a password', () => {
  it.each([
    ...[
      'a heron over the lake',
      'correct horse battery',
      'Tr0ub4dor&3 is too short?',
      'vVq8fZ3kLm2x',
      '七つの海を越えて行こう今日も',
    ],
    ...['quietly-password-proof', 'x'.repeat(3) + ' my password is nice', '🦉🦊🐻🦁🐯🐨🐼🐸🐵🐔🐧🐦'],
  ])('%j is good', (password) => expect(judge(password)).toBe('good'));

  it('has twelve characters or more, and at most 256 bytes', () => {
    expect(judge('vVq8fZ3kLm2')).toContain('at least 12');
    // Characters, not UTF-16 units.
    expect(judge('🦉🦊🐻🦁🐯🐨')).toContain('at least 12');
    const long = 'abcdefg hijk lmno '.repeat(15);
    expect(judge(`${long.slice(0, 255)}z`)).toBe('good');
    expect(judge(`${long.slice(0, 256)}z`)).toContain('at most 256');
    expect(judge(`é ${'abcdefghé'.repeat(32)}`)).toContain('at most 256');
  });

  it.each([
    ...[
      'aaaaaaaaaaaa',
      '121212121212',
      'abcdefghijkl',
      'mlkjihgfedcb',
      '123456789:;<',
      'abcabcabcabc',
      'aabbaabbaabb',
    ],
    ...['111111111112', 'hello hello hello '],
  ])('%j is a row or a repetition', (password) => expect(judge(password)).toContain('row or a repetition'));

  it.each([
    ...[
      'password1234',
      'Password2026!',
      'qwertyuiop12',
      'passwordpassword1',
      'administrator1',
      'Welcome12345!',
      'iloveyou2026',
    ],
    ...[
      'P@ssw0rd12345',
      'changeme-123',
      'correcthorsebatterystaple',
      'concordat-admin',
      'letmein!letmein?',
      '1q2w3e4r5t6y',
    ],
  ])('%j is common', (password) => expect(judge(password)).toContain('common'));

  it.each([
    ...[
      'ada.lovelace@example.org',
      'Ada.Lovelace1',
      'lovelace2026!',
      'example.org/lovelace',
      'AdaLovelace123',
    ],
  ])('%j is made of the person', (password) =>
    expect(judge(password)).toContain('email address or the name'),
  );

  it('that is refused does not stand in the refusal', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 5, maxLength: 11 }), (password) => {
        fc.pre(!judge('').includes(password));
        expect(judge(password)).not.toContain(password);
      }),
    );
  });
});
