import { ed25519Sign, fromBase64url, toBase64url, utf8 } from '@concordat/crypto';
import { Concordat, isConcordatProblem } from '@concordat/sdk';
import { type Checks, refusedWith, requireThat } from './checks';
import { patient, type Stage } from './cast';
import { type Transcript } from './transcript';

/** What Mallory tries, and must not get. */
export async function strangerIsRefused(stage: Stage, checks: Checks, transcript: Transcript): Promise<void> {
  const { urls, mallory, ada, ben, admin, deadline: signal } = stage;
  const client = new Concordat({
    url: urls,
    credential: { secretKey: mallory.secretKey },
    timeouts: patient,
  });

  await checks.that('a stranger with the wrong key is refused', () =>
    refusedWith('HANDSHAKE_REFUSED', impersonate(client, stage)),
  );
  await checks.that('nobody can name the inbox of another', async () => {
    const own = await client.inbox.fetch({ count: 10 }, { signal });
    requireThat(own.items.length === 0, `${own.items.length} messages are in the inbox of Mallory`);
    const foreign = client.call('inbox.fetch', { count: 1, did: ben.did } as { count: number }, { signal });
    return `her own inbox is empty; asking for that of Ben is ${await refusedWith('INPUT_INVALID', foreign)}`;
  });
  await checks.that('messages of others are invisible', () => {
    const [id] = transcript.ids;
    requireThat(id !== undefined, 'no message was sent');
    return refusedWith('MESSAGE_UNKNOWN', client.messages.get({ id }, { signal }));
  });
  await checks.that('memories of others are closed', () =>
    refusedWith('CONSENT_REQUIRED', client.vault(ada.did).get({ key: memoryKey }, { signal })),
  );
  await checks.that('a revoked agent is shut out', async () => {
    await admin.agents.revoke({ did: mallory.did, reason: 'end of the demo' }, { signal });
    try {
      await client.whoami({ minPosition: admin.positions, signal });
    } catch (error) {
      if (isConcordatProblem(error, 'HANDSHAKE_REFUSED', 'CREDENTIAL_INVALID'))
        return `her token no longer opens anything: ${error.status} ${error.code}`;
      throw error;
    }
    throw new Error('her token still opens doors');
  });
}

export const memoryKey = 'demo-findings';

/** Mallory asks for a challenge of Ada and signs it with a key of her own. */
async function impersonate(client: Concordat, { ada, mallory, deadline: signal }: Stage): Promise<unknown> {
  const { challengeId, challenge } = await client.call('auth.challenge', { did: ada.did }, { signal });
  const signature = toBase64url(ed25519Sign(utf8(challenge), fromBase64url(mallory.secretKey)!));
  return client.call('auth.token', { challengeId, signature }, { signal });
}
