import fc from 'fast-check';
import { emailAddress, isEmail, normalEmail } from './email';

const read = (text: string): string | undefined => {
  const parsed = emailAddress.safeParse(text);
  return parsed.success ? parsed.data : undefined;
};

describe('an email address', () => {
  it.each([
    ['ada@example.org', 'ada@example.org'],
    [' Ada.Lovelace+x@EXAMPLE.Org\n', 'ada.lovelace+x@example.org'],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['ada@bu\u0308cher.example', 'ada@xn--bcher-kva.example'],
    ['ADA@BÜCHER.example', 'ada@xn--bcher-kva.example'],
    ['root@localhost', 'root@localhost'],
    ["o'neil_{x}|~@a-b.c", "o'neil_{x}|~@a-b.c"],
  ])('%j is %j', (text, spelled) => expect(read(text)).toBe(spelled));

  it.each([
    ...[
      '',
      '@',
      'a@',
      '@b.c',
      'ab.c',
      'a@@b.c',
      'a@b@c.d',
      'a b@c.d',
      'a@b c.d',
      'a@b..c',
      'a@.b',
      'a@b.',
      'a@-b.c',
      'a@b-.c',
    ],
    ...[
      '.a@b.c',
      'a.@b.c',
      'a..b@c.d',
      '"a b"@c.d',
      'a(x)@b.c',
      'a@[1.2.3.4]',
      'a@1.2.3.4',
      'a@b.c/x',
      'a@b.c:25',
      'a@b_c.d',
    ],
    ...[
      'аda@example.org',
      'a\u0000@b.c',
      'a\n@b.c',
      'a@b.c\u202e',
      'a@b.c,d@e.f',
      'Ada <a@b.c>',
      'a@xn--\u00fc.de',
      'a@%62.c',
    ],
    ...[`${'a'.repeat(65)}@b.c`, `a@${'b'.repeat(64)}.c`, `a@${'b.'.repeat(130)}c`, `${'a'.repeat(400)}`],
  ])('%j is none', (text) => expect(read(text)).toBeUndefined());

  it('has one spelling: what was read is read as itself', () => {
    const texts = fc.oneof(
      fc.emailAddress(),
      fc.string(),
      fc.tuple(fc.string(), fc.string({ unit: 'grapheme' })).map((parts) => parts.join('@')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const once = read(text);
        if (once === undefined) return;
        expect(read(once)).toBe(once);
        expect(read(once.toUpperCase())).toBe(once);
        expect(once).toMatch(/^[\x21-\x7e]{3,254}$/);
        expect(isEmail(once)).toBe(true);
        expect(normalEmail(once)).toBe(once);
      }),
      { numRuns: 2_000 },
    );
  });
});
