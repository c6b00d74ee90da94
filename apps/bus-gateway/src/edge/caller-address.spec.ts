import fc from 'fast-check';
import { CallerAddresses } from './caller-address';
import { hopsOf } from './forwarded';

const networks = ['10.0.0.0/8', '2001:db8:ffff::/48'];
const trusting = new CallerAddresses({ networks, header: 'x-forwarded-for' });
const byXForwardedFor = (peer: string | null, value?: string): string | null =>
  trusting.of(peer, (name) => (name === 'x-forwarded-for' ? value : 'for=6.6.6.6'));

describe('the address of a caller', () => {
  it('is that of the connection where no proxy is trusted, whatever headers say', () => {
    const none = new CallerAddresses();
    expect(none.of('192.0.2.1', () => '6.6.6.6')).toBe('192.0.2.1');
    expect(none.of(null, () => '6.6.6.6')).toBeNull();
  });

  it('is that of the connection where it is not a trusted proxy, also when it says it were', () => {
    expect(byXForwardedFor('192.0.2.1', '10.0.0.1')).toBe('192.0.2.1');
    expect(byXForwardedFor(null, '6.6.6.6')).toBeNull();
  });

  it.each([
    ['one proxy', '198.51.100.7', '198.51.100.7'],
    ['a chain of them', '198.51.100.7, 10.1.2.3, 10.0.0.2', '198.51.100.7'],
    ['a stranger who invents a past', '6.6.6.6, 10.9.9.9, 198.51.100.7', '198.51.100.7'],
    ['a stranger who writes nonsense', '<script>, unknown, , 198.51.100.7, 10.0.0.2', '198.51.100.7'],
    ['a stranger who invents proxies', '6.6.6.6, 198.51.100.7, 10.0.0.2', '198.51.100.7'],
    ['a proxy with a port', '198.51.100.7:4711', '198.51.100.7'],
    ['IPv6', '2001:db8::7, [2001:db8:ffff::1]:443', '2001:db8::7'],
    ['IPv4 in IPv6 clothes for a proxy', '198.51.100.7, ::ffff:10.0.0.9', '198.51.100.7'],
    ['nobody but proxies', '10.0.0.8, 10.0.0.9', '10.0.0.8'],
    ['a proxy that asks for itself', undefined, '10.0.0.1'],
  ])('behind %s', (_, value, address) => {
    for (const peer of ['10.0.0.1', '::ffff:10.0.0.1'])
      expect(byXForwardedFor(peer, value)).toBe(value === undefined ? peer : address);
  });

  it.each([
    ...['', 'unknown', '198.51.100.7,', '198.51.100.7, unknown, 10.0.0.2', '198.51.100', '198.51.100.07'],
    ...['1.2.3.4;5.6.7.8', '1.2.3.4:', 'fe80::1%eth0', Array<string>(33).fill('1.2.3.4').join()],
  ])('is refused, and not guessed, from a proxy that writes %j', (value) =>
    expect(() => byXForwardedFor('10.0.0.1', value)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    ),
  );

  it('is read from the header that was said, and from no other', () => {
    const trusted = new CallerAddresses({ networks, header: 'forwarded' });
    const value = 'for="[2001:db8::7]:4711";proto=https;by=10.0.0.1, For=10.0.0.2';
    expect(trusted.of('10.0.0.1', (name) => (name === 'forwarded' ? value : '6.6.6.6'))).toBe('2001:db8::7');
  });
});

describe('Forwarded (RFC 7239)', () => {
  it.each([
    ['for=192.0.2.60;proto=http;by=203.0.113.43', ['192.0.2.60']],
    ['for=192.0.2.43, for=198.51.100.17', ['192.0.2.43', '198.51.100.17']],
    ['for=192.0.2.43 ,\tfor="[2001:db8:cafe::17]"', ['192.0.2.43', '2001:db8:cafe::17']],
    ['secret="a,for=6.6.6.6;\\"";for="192.0.2.1:80"', ['192.0.2.1']],
  ])('%s', (text, hops) => expect(hopsOf('forwarded', text)).toEqual(hops));

  it.each([
    ...['', 'for', 'for=', 'for="192.0.2.1', 'for=192.0.2.1;', 'for=192.0.2.1,', 'proto=http'],
    ...['for=192.0.2.1;for=192.0.2.2', 'for=192.0.2.1 for=192.0.2.2', 'for=[::1]', 'for=2001:db8::1'],
    // What a stranger has left open, closed by what a proxy added.
    ...['for=6.6.6.6;x=", for="[2001:db8::7]"', 'for=6.6.6.6;x=", for=192.0.2.1'],
  ])('refuses %j', (text) => expect(hopsOf('forwarded', text)).toBeUndefined());

  it('has no address where something else stands for it', () =>
    expect(
      hopsOf('forwarded', 'for=unknown, for=_hidden, for="[fe80::1%eth0]", for="_s:1", for="::1"'),
    ).toEqual([...Array<undefined>(4).fill(undefined), '::1']));

  it('is refused when it is too long', () => {
    expect(hopsOf('forwarded', `for=192.0.2.1${', for=192.0.2.1'.repeat(32)}`)).toBeUndefined();
    expect(hopsOf('forwarded', `for="${'1'.repeat(3_000)}"`)).toBeUndefined();
  });

  it('ends for every text, and gives addresses or nothing', () => {
    const parts = fc.constantFrom('for=', '"', ',', ';', '[', ']', '\\', '1.2.3.4', '::1', ' ', 'by=x', '%');
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 20 }), (texts) => {
        for (const header of ['forwarded', 'x-forwarded-for'] as const)
          for (const hop of hopsOf(header, texts.join('')) ?? [])
            expect(hop ?? '::').toMatch(/^[0-9a-fA-F:.]+$/);
      }),
    );
  });
});
