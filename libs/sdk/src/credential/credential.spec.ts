import { Concordat } from '../concordat';
import type { ConcordatOptions } from '../options';
import { newAgentKey } from './agent-key';
import { readCredential } from './credential';

const { secretKey, did } = newAgentKey();
const read = (credential: unknown) =>
  readCredential(credential as NonNullable<ConcordatOptions['credential']>);

describe('a credential', () => {
  it('is that of a service or of an agent', () => {
    expect(read({ apiKey: ' cck_test\n' })).toEqual({ apiKey: 'cck_test' });
    expect(read({ secretKey })).toMatchObject({ agent: { did } });
    expect(read({ secretKey, apiKey: undefined })).toMatchObject({ agent: { did } });
  });

  it('is a token that was got before', () => {
    expect(read({ accessToken: 'a.b.c' })).toEqual({ accessToken: 'a.b.c' });
  });

  it('is that of a user', () => {
    expect(read({ email: 'a@b.c', password: 'p' })).toEqual({ user: { email: 'a@b.c', password: 'p' } });
    expect(read({ email: 'a@b.c', password: ' p ', tenant: 'acme' })).toEqual({
      user: { email: 'a@b.c', password: ' p ', tenant: 'acme' },
    });
  });

  it.each([
    [{ password: 'p' }, 'email and password must be strings'],
    [{ email: 'a@b.c', password: '' }, 'email and password must be strings'],
    [{ email: 'a@b.c', password: 7 }, 'email and password must be strings'],
    [{ email: 'a@b.c', password: 'p', tenant: '' }, 'credential.tenant'],
    [{ email: 'a@b.c', password: 'p', apiKey: 'cck_test' }, 'not both'],
    [{}, 'credential: give apiKey for a service, or secretKey for an agent'],
    [null, 'credential: give apiKey'],
    ['cck_test', 'credential: give apiKey'],
    [{ secretKey, apiKey: 'cck_test' }, 'not both'],
    [{ accessToken: 'a', apiKey: 'cck_test' }, 'not both'],
    [{ accessToken: 'a b' }, 'credential.accessToken: must be a string'],
    [{ apiKey: undefined }, 'credential.apiKey: must be a string'],
    [{ apiKey: 7 }, 'credential.apiKey: must be a string'],
    [{ apiKey: '' }, 'credential.apiKey: must be a string'],
    [{ apiKey: 'ключ' }, 'credential.apiKey: must be a string'],
    ...[
      undefined,
      null,
      32,
      '',
      'x',
      new Array(32).fill('1'),
      new Array(32).fill(1),
      new ArrayBuffer(32),
    ].map((key): [unknown, string] => [{ secretKey: key }, 'credential.secretKey: must be 32 bytes']),
    [{ secretKey: new Float64Array(32) }, 'credential.secretKey: must be 32 bytes'],
    [{ secretKey: new Uint8Array(31) }, 'credential.secretKey: must be 32 bytes'],
  ])('is not %j', (credential, why) => {
    expect(() => read(credential)).toThrow(why);
    expect(() => read(credential)).toThrow(TypeError);
    const options = { url: 'http://127.0.0.1:1', credential } as ConcordatOptions;
    expect(() => new Concordat(options)).toThrow(why);
  });
});
