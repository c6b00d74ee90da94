import { find, formsOf } from './canary-search';

describe('the search for canaries', () => {
  const secret = 'CANARY?secret>4711';

  it.each([
    ['plain', (text: string) => text],
    ['hex', (text: string) => Buffer.from(text).toString('hex')],
    ['HEX', (text: string) => Buffer.from(text).toString('hex').toUpperCase()],
    ['base64', (text: string) => Buffer.from(text).toString('base64')],
    ['base64url', (text: string) => Buffer.from(text).toString('base64url')],
  ])('finds a secret in %s, whatever stands around it', (_, encode) => {
    for (const [before, after] of [
      ['', ''],
      ['x', 'y'],
      ['{"k":"', '"}'],
      ['ab', 'c'],
    ]) {
      const bytes = Buffer.from(`noise${encode(`${before}${secret}${after}`)}noise`);
      expect(find([{ name: 'store', bytes }], secret)).toEqual(['store']);
    }
  });

  it('finds nothing where there is nothing', () => {
    expect(find([{ name: 'store', bytes: Buffer.from('CANARY?secret>4712'.repeat(10)) }], secret)).toEqual(
      [],
    );
    expect(formsOf(secret).every((form) => form.length > 10)).toBe(true);
  });
});
