import type { Delivery, OperationRequest } from '@concordat/contracts';
import { ed25519Signer, generateEd25519 } from '@concordat/crypto';
import { readAgentKey } from '../credential/agent-key';
import { signInput, verifyMessage } from './signature';

type Send = OperationRequest<'message.send'>;

const agent = readAgentKey({ secretKey: generateEd25519().secretKey });
const { publicKeys } = ed25519Signer(agent.secretKey);
const message: Send = { to: `did:key:z6Mk${'b'.repeat(44)}`, type: 'COMMAND', payload: { b: 1, a: [2] } };

/** As the recipient gets it. */
function delivered({ ttlSeconds, ...sent }: Send): Delivery {
  const timestamp = '2026-01-01T00:00:00.123Z';
  const expiry = Date.parse(timestamp) + 1_000 * (ttlSeconds ?? 86_400);
  const hasExpiry = ttlSeconds !== undefined || sent.to === '*';
  return {
    ...{
      id: 'msg',
      deliveryToken: 't',
      attempt: 1,
      from: agent.did,
      priority: 'NORMAL',
      correlationId: null,
    },
    ...{ replyTo: null, key: null, schema: null, signature: null, delaySeconds: null, traceparent: null },
    ...{ timestamp, leaseSeconds: 30, cloudEvent: null },
    ...JSON.parse(JSON.stringify(sent)),
    expiresAt: hasExpiry ? new Date(expiry).toISOString() : null,
  } as Delivery;
}
const signed = async (over: Partial<Send> = {}): Promise<Delivery> =>
  delivered(await signInput('message.send', { ...message, ...over }, agent));

describe('a signed message', () => {
  it.each<[string, Partial<Send>]>([
    ['as it is', {}],
    ['with everything', { priority: 'URGENT', correlationId: 'c', replyTo: agent.did, key: 'k' }],
    ['with a time to live and a delay', { ttlSeconds: 90, delaySeconds: 5 }],
    ['to everybody', { to: '*' }],
    ['to everybody for a while', { to: '*', ttlSeconds: 60 }],
    ['with what becomes JSON', { payload: { at: new Date(0), none: undefined } as never }],
  ])('%s is proven by the key of its sender alone', async (_what, over) => {
    const delivery = await signed(over);
    expect(verifyMessage(delivery, publicKeys)).toBe(true);
    const stranger = ed25519Signer(generateEd25519().secretKey).publicKeys;
    expect(verifyMessage(delivery, stranger)).toBe(false);
    expect(verifyMessage(delivery, [{ ...stranger[0]!, kid: publicKeys[0]!.kid }])).toBe(false);
    expect(verifyMessage(delivery, [])).toBe(false);
  });

  it.each<[keyof Delivery, unknown]>([
    ['from', `did:key:z6Mk${'c'.repeat(44)}`],
    ['to', '*'],
    ['type', 'QUERY'],
    ['payload', { b: 1, a: [3] }],
    ['priority', 'HIGH'],
    ['correlationId', 'other'],
    ['replyTo', agent.did],
    ['key', 'k'],
    ['expiresAt', '2026-01-01T00:01:00.123Z'],
    ['delaySeconds', 0],
    ['signature', null],
  ])('of which %s was changed is not proven', async (field, value) => {
    expect(verifyMessage({ ...(await signed()), [field]: value }, publicKeys)).toBe(false);
  });

  it('is signed in a batch too', async () => {
    const { messages } = await signInput('message.sendBatch', { messages: [message, message] }, agent);
    expect(messages.map((one) => verifyMessage(delivered(one), publicKeys))).toEqual([true, true]);
  });

  it('comes from an agent, and is a message', async () => {
    await expect(signInput('message.send', message, undefined)).rejects.toThrow('only an agent signs');
    await expect(signInput('agent.list', {}, agent)).rejects.toThrow('agent.list sends no message');
    const holdsItself: Record<string, unknown> = {};
    holdsItself['self'] = holdsItself;
    await expect(
      signInput('message.send', { ...message, payload: holdsItself as never }, agent),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});
