import { operationList, operations } from '@concordat/contracts';
import { type PublicOperation, toWireRequest } from './wire-request';

const wire = (name: keyof typeof operations, input: object) =>
  toWireRequest(operations[name] as PublicOperation, input as Readonly<Record<string, unknown>>);

describe('the request of an operation', () => {
  it('has its fields in the path and the rest in the body', () => {
    expect(wire('agent.revoke', { did: 'did:key:z6Mk/x', reason: 'left', gone: undefined })).toEqual({
      method: 'POST',
      target: '/v1/agents/did%3Akey%3Az6Mk%2Fx/revoke',
      headers: { 'content-type': 'application/json' },
      body: '{"reason":"left"}',
    });
  });

  it('has the rest in the query when it has no body', () => {
    expect(wire('inbox.fetch', { count: 5, waitSeconds: 1.5 })).toMatchObject({
      method: 'GET',
      target: '/v1/inbox?count=5&waitSeconds=1.5',
      body: undefined,
    });
    expect(wire('auth.whoami', {}).target).toBe('/v1/auth/whoami');
  });

  it('has headers where the catalogue says so', () => {
    const input = { persona: 'communal', key: 'k', ifMatch: '"3"' };
    expect(wire('memory.put', { ...input, content: { a: [1] } })).toMatchObject({
      method: 'PUT',
      target: '/v1/vault/communal/memories/k',
      headers: { 'if-match': '"3"' },
      body: '{"content":{"a":[1]}}',
    });
    expect(wire('memory.delete', input)).toMatchObject({ headers: { 'if-match': '"3"' }, body: undefined });
  });

  it('keeps the slashes of a path that goes to the end', () => {
    expect(wire('audit.tile', { level: '0', index: 'x001/234.p/5' }).target).toBe(
      '/v1/audit/log/tile/0/x001/234.p/5',
    );
  });

  it.each(['', '.', '..', '\ud800', 7n, undefined, {}])('never becomes another route: %p', (key) => {
    expect(() => wire('memory.get', { persona: 'communal', key })).toThrow('INPUT_INVALID');
  });

  it('never climbs out of a path that goes to the end', () => {
    for (const index of ['a/../../..', '/etc', 'a//b', '']) {
      expect(() => wire('audit.tile', { level: '0', index })).toThrow('INPUT_INVALID');
    }
  });

  it('never breaks out of a header', () => {
    const input = { persona: 'communal', key: 'k', content: 1, ifMatch: '1\r\nx: y' };
    expect(() => wire('memory.put', input)).toThrow('INPUT_INVALID');
  });
});

describe('every operation with a route', () => {
  const reachable = operationList.filter((spec): spec is PublicOperation => spec.http !== undefined);

  it.each(reachable.map((spec) => ({ name: spec.name, spec })))('$name becomes a request', ({ spec }) => {
    const fields = Object.keys(spec.input.shape);
    const { method, target, headers, body } = toWireRequest(
      spec,
      Object.fromEntries(fields.map((field) => [field, 'v'])),
    );
    expect(method).toBe(spec.http.method);
    expect(target).not.toMatch(/[{}]/);
    // Every field is in exactly one place.
    const [path, query = ''] = target.split('?');
    const inPath = spec.http.path.match(/\{/g)?.length ?? 0;
    expect(path!.match(/\bv\b/g)?.length ?? 0).toBe(inPath);
    const elsewhere = [
      ...new URLSearchParams(query).keys(),
      ...Object.keys(JSON.parse(String(body ?? '{}')) as object),
    ];
    const inHeaders = Object.keys(headers).filter((name) => name !== 'content-type');
    expect(inPath + elsewhere.length + inHeaders.length).toBe(fields.length);
  });
});
