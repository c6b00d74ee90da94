import {
  type DirectoryEntry,
  formatPosition,
  limits,
  type Position,
  sessionWithdrawal,
  SigningKeyActivated,
} from '@concordat/contracts';
import { generateEd25519, keyId, privateKeyObject, toBase64url } from '@concordat/crypto';
import { Directory, Freshness } from '@concordat/directory';
import { SignJWT } from 'jose';
import { AccessTokens } from './access-token';
import { Authenticator } from './authenticate';
import { SpentProofs } from './spent-proofs';

const at = (position: number): Position => ({ epoch: 1, position });
const keys = generateEd25519();
const publicKey = { alg: 'Ed25519' as const, kid: keyId(keys.publicKey), value: toBase64url(keys.publicKey) };
const nowMs = 1_800_000_000_000;

describe('a user with a session', () => {
  let directory: Directory;
  let authenticator: Authenticator;
  let position: number;

  beforeEach(() => {
    position = 10;
    directory = new Directory();
    const freshness = new Freshness(() => 0);
    const tokens = new AccessTokens(directory, 'concordat', () => nowMs);
    const spentProofs = new SpentProofs(() => nowMs);
    const ports = { directory, freshness, tokens, spentProofs, publicUrls: [], nowMs: () => nowMs };
    authenticator = new Authenticator(ports);
    directory.apply({
      at: at(1),
      tenant: 't',
      type: SigningKeyActivated.type,
      ...{ time: '', actor: null },
      data: { publicKey },
    });
    freshness.loaded(at(100));
    freshness.beat({ incarnation: 1, sequence: 1, timeMs: 0, head: at(100), event: null }, false);
  });

  const put = (entry: DirectoryEntry): void => directory.put(at(++position), entry);
  const codeOf = (authorization: string): Promise<string> =>
    authenticator.authenticate(authorization).then(
      ({ id }) => id,
      (error: { code?: string }) => error.code ?? String(error),
    );
  const userId = '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a';
  const sessionId = '0198f3d2-8b21-7d4f-8c6b-4a3f2e1d5c6b';
  const admitUser = (over: object = {}): void =>
    put({
      ...{
        kind: 'user',
        tenant: 'default',
        id: userId,
        status: 'active',
        roles: ['sre'],
        sessionsSince: at(1),
      },
      ...over,
    } as DirectoryEntry);
  const session = async (over: { position?: Position; tenant?: string } = {}): Promise<string> => {
    const issuedAt = Math.floor(nowMs / 1_000);
    const token = new SignJWT({
      ...{ tenant: over.tenant ?? 'default', scope: 'read write admin', roles: ['admin'], sid: sessionId },
      iam_position: formatPosition(over.position ?? at(5)),
    })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: publicKey.kid })
      .setIssuer('concordat')
      .setAudience('concordat')
      .setSubject(userId)
      .setJti('t')
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + limits.accessTokenSeconds);
    return `Bearer ${await token.sign(privateKeyObject(keys.secretKey))}`;
  };

  it('has the roles of the directory and not those of the token, also a moment later', async () => {
    admitUser();
    const authorization = await session();
    const principal = await authenticator.authenticate(authorization);
    expect(principal).toMatchObject({
      kind: 'user',
      id: userId,
      sessionId,
      roles: ['sre'],
      scopes: ['read', 'write'],
    });
    admitUser({ roles: ['auditor'] });
    expect(await authenticator.authenticate(authorization)).toMatchObject({
      ...{ roles: ['auditor'], scopes: ['read', 'governance'] },
    });
    authenticator.recheck(principal);
  });

  it('that is unknown, disabled, erased, of another tenant, or opened before all sessions ended / is refused', async () => {
    expect(await codeOf(await session())).toBe('CREDENTIAL_INVALID');
    for (const over of [{ status: 'disabled' }, { status: 'erased' }, { sessionsSince: at(6) }]) {
      admitUser(over);
      expect(await codeOf(await session())).toBe('CREDENTIAL_INVALID');
    }
    admitUser();
    expect(await codeOf(await session({ tenant: 'acme' }))).toBe('CREDENTIAL_INVALID');
    expect(await codeOf(await session())).toBe(userId);
  });

  it('is refused as soon as the session has ended, also when it waited', async () => {
    admitUser();
    const authorization = await session();
    const principal = await authenticator.authenticate(authorization);
    const ended = sessionWithdrawal(sessionId, new Date(nowMs).toISOString());
    put({ kind: 'withdrawal', tenant: 'default', ...ended, position: at(position + 1) });
    expect(await codeOf(authorization)).toBe('CREDENTIAL_INVALID');
    expect(() => authenticator.recheck(principal)).toThrow(
      expect.objectContaining({ code: 'CREDENTIAL_INVALID' }),
    );
  });
});
