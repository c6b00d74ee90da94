import type { Principal } from '@concordat/contracts';
import { eventually } from '@concordat/testing';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';

jest.setTimeout(30_000);

describe('a request that the gateway has sealed and has not judged', () => {
  let audit: AuditBench;
  beforeAll(async () => {
    audit = await startAuditBench();
    await eventually(() => audit.caller.call('audit.key', {}));
  });
  afterAll(() => audit.stop());

  const user = (roles: ('user' | 'auditor')[]): Principal => ({
    ...{ kind: 'user', tenant: 'default', id: '01890000-0000-7000-8000-000000000001' },
    ...{ roles, scopes: ['read', 'write', 'admin'], tokenId: 't', sessionId: 's' },
  });

  it.each([
    ['audit.messages', {}],
    ['audit.events', {}],
    ['audit.inclusionProof', { eventId: 'iam:1:1' }],
  ] as const)('%s: audit-service refuses it by the policies to who is no auditor', async (name, input) => {
    const ask = (principal: Principal) => audit.caller.call(name, input as never, { principal });
    await expect(ask(user(['user']))).rejects.toMatchObject({ code: 'POLICY_DENIED' });
    const allowed = await ask(user(['auditor'])).catch((error: unknown) => error);
    expect(allowed).not.toMatchObject({ code: 'POLICY_DENIED' });
  });
});
