import {
  type DirectoryEntry,
  formatPosition,
  limits,
  type Position,
  SigningKeyActivated,
} from '@concordat/contracts';
import {
  apiKeyHash,
  formatApiKey,
  generateEd25519,
  jwkThumbprint,
  keyId,
  privateKeyObject,
  toBase64url,
} from '@concordat/crypto';
import { directoryAgent, newAgent } from '@concordat/testing';
import { SignJWT } from 'jose';
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Directory } from '@concordat/directory';
import { Freshness } from '@concordat/directory';
import { AccessTokens } from './access-token';
import { Authenticator } from './authenticate';
import { SpentProofs } from './spent-proofs';

const at = (position: number): Position => ({ epoch: 1, position });
const keys = generateEd25519();
const publicKey = { alg: 'Ed25519' as const, kid: keyId(keys.publicKey), value: toBase64url(keys.publicKey) };

describe('who asks', () => {
  let nowMs: number;
  let monotonicMs: number;
  let directory: Directory;
  let freshness: Freshness;
  let authenticator: Authenticator;
  let position: number;

  beforeEach(() => {
    nowMs = 1_800_000_000_000;
    monotonicMs = 0;
    position = 0;
    directory = new Directory();
    freshness = new Freshness(() => monotonicMs);
    const tokens = new AccessTokens(directory, 'concordat', () => nowMs);
    const spentProofs = new SpentProofs(() => nowMs);
    const ports = { directory, freshness, tokens, spentProofs, publicUrls: [], nowMs: () => nowMs };
    authenticator = new Authenticator(ports);
    directory.apply({
      at: at(++position),
      tenant: 't',
      type: SigningKeyActivated.type,
      ...{ time: '', actor: null },
      data: { publicKey },
    });
    freshness.loaded(at(100));
    freshness.beat({ incarnation: 1, sequence: 1, timeMs: 0, head: at(100), event: null }, false);
  });

  const put = (entry: DirectoryEntry): void => directory.put(at(++position), entry);
  const admit = (
    over: { did?: string; tenant?: string; status?: 'active' | 'suspended' | 'revoked' | 'erased' } = {},
  ): string => {
    const { did = newAgent().did, tenant = 'default', status = 'active' } = over;
    put({ ...directoryAgent({ ...newAgent(), did }), tenant, status, publicKeys: [publicKey] });
    return did;
  };
  const bearer = async (
    did: string,
    over: { tenant?: string; position?: Position } = {},
  ): Promise<string> => {
    const issuedAt = Math.floor(nowMs / 1_000);
    const token = new SignJWT({
      ...{ tenant: over.tenant ?? 'default', scope: 'read write' },
      iam_position: formatPosition(over.position ?? at(1)),
      ...{ roles: ['agent'], cnf: { jkt: jwkThumbprint(publicKey.value) } },
    })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: publicKey.kid })
      .setIssuer('concordat')
      .setAudience('concordat')
      .setSubject(did)
      .setJti('t')
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + limits.accessTokenSeconds);
    return `Bearer ${await token.sign(privateKeyObject(keys.secretKey))}`;
  };
  const newKey = (
    over: { status?: 'active' | 'revoked'; expiresAt?: string } = {},
  ): { id: string; key: string } => {
    const made = formatApiKey(randomBytes(40));
    const { status = 'active', expiresAt = null } = over;
    const facts = { id: made.id, hash: apiKeyHash(made.key), scopes: ['read' as const], status, expiresAt };
    put({ kind: 'apiKey', tenant: 'acme', ...facts });
    return made;
  };
  const codeOf = (authorization: string | undefined): Promise<string> =>
    authenticator.authenticate(authorization).then(
      ({ id }) => id,
      (error: { code?: string }) => error.code ?? String(error),
    );

  it('an agent with a token, and a service with a key / are let in as who they are', async () => {
    const did = admit();
    const { id, key } = newKey();
    expect(await authenticator.authenticate(await bearer(did))).toEqual({
      ...{ kind: 'agent', tenant: 'default', id: did, scopes: ['read', 'write'], tokenId: 't' },
    });
    expect(await authenticator.authenticate(`ApiKey ${key}`)).toEqual({
      ...{ kind: 'apiKey', tenant: 'acme', id, scopes: ['read'] },
    });
    // The scheme is not case sensitive (RFC 9110 §11.1).
    for (const scheme of ['bearer', 'BEARER'])
      expect(await codeOf((await bearer(did)).replace('Bearer', scheme))).toBe(did);
    expect(await codeOf(`apikey ${key}`)).toBe(id);
  });

  it('nobody at all / is asked for a credential', async () => {
    expect(await codeOf(undefined)).toBe('CREDENTIAL_MISSING');
  });

  it('schemes and spellings that are not ours / are refused', async () => {
    const { key } = newKey();
    const token = (await bearer(admit())).slice('Bearer '.length);
    const bad = [
      ...['', ' ', 'Bearer', 'Bearer ', 'ApiKey', 'ApiKey ', key, token, `Basic ${token}`, `Digest ${key}`],
      ...[
        `Bearer  ${token}`,
        ` Bearer ${token}`,
        `Bearer ${token} `,
        `Bearer ${token},`,
        `Bearer ${token} x`,
      ],
      ...[
        `Bearer\t${token}`,
        `Bearer ${token}\n`,
        `Bearer\0${token}`,
        `Bearer é${token}`,
        `Bearer, ApiKey ${key}`,
      ],
      ...[`Bearer ${key}`, `ApiKey ${token}`, `Bearer ${'x'.repeat(4_097)}`, 'null', 'undefined'],
    ];
    for (const authorization of bad)
      expect([authorization, await codeOf(authorization)]).toEqual([authorization, 'CREDENTIAL_INVALID']);
  });

  it('an agent that is unknown, revoked, erased or of another tenant / is refused alike', async () => {
    const foreign = admit({ tenant: 'acme' });
    const ended = (['suspended', 'revoked', 'erased'] as const).map((status) => admit({ status }));
    const dids = [newAgent().did, ...ended, foreign];
    const errors = await Promise.all(
      dids.map(async (did) => authenticator.authenticate(await bearer(did)).catch((error: unknown) => error)),
    );
    for (const error of errors) expect(error).toEqual(errors[0]);
    expect(errors[0]).toMatchObject({ code: 'CREDENTIAL_INVALID', detail: 'The credential is not valid.' });
    expect(await codeOf(await bearer(foreign, { tenant: 'acme' }))).toBe(foreign);
  });

  it('an agent whose token was accepted / is refused as soon as the directory knows that it is revoked', async () => {
    const did = admit();
    const authorization = await bearer(did);
    expect(await codeOf(authorization)).toBe(did);
    admit({ did, status: 'revoked' });
    expect(await codeOf(authorization)).toBe('CREDENTIAL_INVALID');
  });

  it('an agent that has another key now / is refused with the tokens of the former one', async () => {
    const did = admit();
    const authorization = await bearer(did);
    expect(await codeOf(authorization)).toBe(did);
    const { publicKey: value } = generateEd25519();
    const other = { ...publicKey, value: toBase64url(value) };
    const entry = directory.agent('default', did)!;
    put({ ...entry, publicKeys: [other, publicKey] });
    expect(await codeOf(authorization)).toBe(did);
    put({ ...entry, publicKeys: [other] });
    expect(await codeOf(authorization)).toBe('CREDENTIAL_INVALID');
  });

  it('a key that is wrong in any part, revoked or expired / is refused', async () => {
    const { id, key } = newKey();
    const sum = (body: string): string => body + crc32(body).toString(16).padStart(8, '0');
    const body = key.slice(0, -8);
    const flipped = (text: string, index: number): string =>
      text.slice(0, index) + (text[index] === '0' ? '1' : '0') + text.slice(index + 1);
    const bad = [
      ...[flipped(key, key.length - 1), `${body}00000000`, body, key.toUpperCase(), `${key}0`, ` ${key}`],
      // The right id and checksum, but another secret; and the right secret under another id.
      ...[
        sum(flipped(body, 30)),
        sum(`cck_${id}_${'0'.repeat(64)}`),
        sum(flipped(body, 5)),
        sum(`ccx${body.slice(3)}`),
      ],
      ...[id, `cck_${id}`, 'cck_', newKey({ status: 'revoked' }).key],
      newKey({ expiresAt: new Date(nowMs).toISOString() }).key,
    ];
    for (const wrong of bad)
      expect([wrong, await codeOf(`ApiKey ${wrong}`)]).toEqual([wrong, 'CREDENTIAL_INVALID']);
    const mortal = newKey({ expiresAt: new Date(nowMs + 1_000).toISOString() });
    expect(await codeOf(`ApiKey ${mortal.key}`)).toBe(mortal.id);
    nowMs += 1_000;
    expect(await codeOf(`ApiKey ${mortal.key}`)).toBe('CREDENTIAL_INVALID');
  });

  it('a door that has not heard from iam-service / lets nobody in and says nothing about credentials', async () => {
    const authorizations = [await bearer(admit()), `ApiKey ${newKey().key}`, 'Bearer x'];
    monotonicMs += limits.directoryAgeMs + 1;
    for (const authorization of authorizations) expect(await codeOf(authorization)).toBe('DIRECTORY_STALE');
    // Who brings none waits for nothing.
    expect(await codeOf(undefined)).toBe('CREDENTIAL_MISSING');
  });

  it('a token that is newer than the directory / waits for it, and is judged by what comes', async () => {
    const did = newAgent().did;
    const authorization = await bearer(did, { position: at(101) });
    const waiting = codeOf(authorization);
    admit({ did });
    freshness.advanced(at(101));
    expect(await waiting).toBe(did);
    expect(await codeOf(await bearer(did, { position: at(102) }))).toBe('POSITION_NOT_REACHED');
  });

  it('a directory that becomes stale while a token waits for it / lets nobody in', async () => {
    const did = admit();
    const reached = freshness.reached.bind(freshness);
    const begun = new Promise<void>((resolve) => {
      freshness.reached = (...args) => {
        resolve();
        return reached(...args);
      };
    });
    const waiting = codeOf(await bearer(did, { position: at(101) }));
    await begun;
    monotonicMs += limits.directoryAgeMs + 1;
    freshness.advanced(at(101));
    expect(await waiting).toBe('DIRECTORY_STALE');
  });

  it('whoever has waited / is asked again whether they may still come in', async () => {
    const did = admit();
    const { id, key } = newKey();
    const [agent, service] = await Promise.all(
      [bearer(did), `ApiKey ${key}`].map(async (text) => authenticator.authenticate(await text)),
    );
    authenticator.recheck(agent!);
    authenticator.recheck(service!);
    admit({ did, status: 'revoked' });
    const apiKey = directory.apiKey(id)!;
    put({ ...apiKey, status: 'revoked' });
    const refused = expect.objectContaining({ code: 'CREDENTIAL_INVALID' }) as Error;
    for (const principal of [agent!, service!])
      expect(() => authenticator.recheck(principal)).toThrow(refused);
    monotonicMs += limits.directoryAgeMs + 1;
    expect(() => authenticator.recheck(agent!)).toThrow(expect.objectContaining({ code: 'DIRECTORY_STALE' }));
  });

  it('whoever has waited beyond the end of the credential / does not come in any more', async () => {
    const { key } = newKey({ expiresAt: new Date(nowMs + 60_000).toISOString() });
    const service = await authenticator.authenticate(`ApiKey ${key}`);
    const agent = await authenticator.authenticate(await bearer(admit()));
    nowMs += 60_000;
    expect(() => authenticator.recheck(service)).toThrow(
      expect.objectContaining({ code: 'CREDENTIAL_INVALID' }),
    );
    authenticator.recheck(agent);
    nowMs += limits.accessTokenSeconds * 1_000;
    expect(() => authenticator.recheck(agent)).toThrow(expect.objectContaining({ code: 'TOKEN_EXPIRED' }));
  });
});
