import { limits, type Principal } from '@concordat/contracts';
import { Directory } from '@concordat/directory';
import { ed25519Signer, messageSigningText, utf8 } from '@concordat/crypto';
import { agentPrincipal, directoryAgent, newAgent, type TestAgent } from '@concordat/testing';
import { composeMessage, requireSignature, type Send } from './compose-message';

const [ada, bob, next] = [newAgent(), newAgent(), newAgent()];
const input: Send = {
  ...{ to: bob.did as Send['to'], type: 'COMMAND', payload: { n: 1 }, priority: 'HIGH', ttlSeconds: 60 },
  key: 'k',
};

/** The message as `from`, signed with the keys of `by`. */
async function signed(from: string, by: TestAgent, message: Send = input): Promise<Send> {
  const text = utf8(messageSigningText({ ...message, from }));
  return { ...message, signature: await ed25519Signer(by.secretKey).sign(text) };
}

describe('a message with a signature', () => {
  let directory: Directory;
  beforeEach(() => {
    directory = new Directory();
    directory.put({ epoch: 1, position: 1 }, directoryAgent(ada));
    directory.put({ epoch: 1, position: 2 }, directoryAgent(bob));
  });
  const refuses = (message: Send, principal: Principal = agentPrincipal(ada.did)) =>
    expect(() => requireSignature(message, principal, directory)).toThrow(
      expect.objectContaining({ code: 'MESSAGE_SIGNATURE_INVALID' }) as Error,
    );

  it('by the agent that sends it / is let through, as is one without', async () => {
    requireSignature(await signed(ada.did, ada), agentPrincipal(ada.did), directory);
    requireSignature(input, agentPrincipal(ada.did), directory);
  });

  it('by another agent / is refused, whoever it says it is from', async () => {
    refuses(await signed(ada.did, bob));
    refuses(await signed(bob.did, bob));
    refuses(await signed(bob.did, ada));
  });

  it('whose key claims to be that of the sender / is refused', async () => {
    const { signature, ...message } = await signed(ada.did, bob);
    const kid = (await signed(ada.did, ada)).signature![0]!.kid;
    refuses({ ...message, signature: [{ ...signature![0]!, kid }] });
  });

  it('that was changed on its way / is refused', async () => {
    const message = await signed(ada.did, ada);
    refuses({ ...message, payload: { n: 2 } });
    refuses({ ...message, to: ada.did as Send['to'] });
    refuses({ ...message, priority: 'LOW' });
    refuses({ ...message, key: undefined });
    refuses({ ...message, delaySeconds: 1 });
  });

  it('with a list that is empty, or with no signature in it / is refused', async () => {
    const [{ alg, kid, value }] = (await signed(ada.did, ada)).signature as [
      NonNullable<Send['signature']>[number],
    ];
    refuses({ ...input, signature: [] as unknown as NonNullable<Send['signature']> });
    for (const wrong of [
      '',
      'AA',
      '!',
      value.slice(1),
      `${value}A`,
      value.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')),
    ])
      refuses({ ...input, signature: [{ alg, kid, value: wrong }] });
  });

  it('by a key that counts no more / is refused, and by the new one let through', async () => {
    const { did } = ada;
    const old = await signed(did, ada);
    directory.put({ epoch: 1, position: 3 }, directoryAgent({ ...next, did }));
    refuses(old);
    requireSignature(await signed(did, next), agentPrincipal(did), directory);
  });

  it('in another tenant, where the agent is not / is refused', async () => {
    refuses(await signed(ada.did, ada), agentPrincipal(ada.did, 'acme'));
  });

  it('that somebody sends with an API key / is refused: no agent vouches for it', async () => {
    const apiKey: Principal = { ...agentPrincipal(ada.did), kind: 'apiKey', id: 'key-1' } as Principal;
    refuses(await signed(ada.did, ada), apiKey);
    refuses(await signed('apikey:key-1', ada), apiKey);
  });
});

describe('a message', () => {
  const composed = (payload: Send['payload']) =>
    composeMessage({ ...input, payload }, agentPrincipal(ada.did), 'c', { partitions: 4, schema: null });

  it('whose numbers grow beyond the limit when they are written on / is refused', () => {
    const numbers = (count: number): number[] => Array.from({ length: count }, () => 1e15);
    expect(composed(numbers(60_000)).payload.length).toBeLessThanOrEqual(limits.jsonBytes);
    for (const payload of [numbers(70_000), 'ä'.repeat(limits.jsonBytes / 2)])
      expect(() => composed(payload)).toThrow(
        expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }) as Error,
      );
  });

  it('made after another / has the later id, also within a millisecond: of equal times the id decides', () => {
    const ids = Array.from({ length: 2_000 }, () => composed(1).id);
    expect([...ids].sort()).toEqual(ids);
  });
});
