import { Gateways } from './gateways';

describe('the gateways', () => {
  it('are used in turn, each until it fails', () => {
    const gateways = new Gateways(['http://a:1/', 'https://b/prefix//']);
    expect(gateways.current).toBe('http://a:1');
    gateways.failed('http://a:1');
    expect(gateways.current).toBe('https://b/prefix');
    // A second call that failed at the first gateway at the same time.
    gateways.failed('http://a:1');
    expect(gateways.current).toBe('https://b/prefix');
    gateways.failed('https://b/prefix');
    expect(gateways.current).toBe('http://a:1');
  });

  it.each([
    '',
    'localhost:7400',
    'ftp://a',
    'file:///etc/passwd',
    'http://user:password@a',
    'http://a?x=1',
    'http://a#x',
  ])('are none at %p', (url) => {
    expect(() => new Gateways(url)).toThrow(TypeError);
  });

  it('are at least one', () => {
    expect(() => new Gateways([])).toThrow('at least one');
  });
});
