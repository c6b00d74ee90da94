import type { OperationName, OperationRequest, Principal } from '@concordat/contracts';
import { type Bench, type Caller, newAgent, startBench, startCaller } from '@concordat/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { startIam } from '../iam.fixture';

const id = '01890000-0000-7000-8000-000000000000';
const did = newAgent().did;
const delegation = `dlg_${'f'.repeat(32)}`;
const rules = [{ id: 'r', effect: 'allow' as const, actions: ['*'] }];

/** What no policy allows to an ordinary user. */
const inputs: { readonly [N in OperationName]?: OperationRequest<N> } = {
  'agent.register': { name: 'x', type: 'SERVICE', publicKey: newAgent().publicKeyText },
  'agent.update': { did, name: 'x' },
  'agent.suspend': { did },
  'agent.resume': { did },
  'agent.revoke': { did },
  'agent.verify': { did, statement: 'x' },
  'agent.erase': { did },
  'agentType.define': { name: 'X_TYPE' },
  'agentType.remove': { name: 'X_TYPE' },
  'apiKey.create': { name: 'x', scopes: ['read'] },
  'apiKey.list': {},
  'apiKey.rotate': { id: '0'.repeat(16) },
  'apiKey.revoke': { id: '0'.repeat(16) },
  'delegation.create': { to: did, scopes: ['read'] },
  'delegation.get': { id: delegation },
  'delegation.list': {},
  'delegation.revoke': { id: delegation },
  'policy.put': { id: 'open', description: 'x', rules },
  'policy.list': {},
  'policy.remove': { id: 'open' },
  'signingKey.rotate': {},
  'user.create': { email: 'a@example.org', name: 'x', roles: ['admin'] },
  'user.get': { id },
  'user.list': {},
  'user.update': { id, roles: ['admin'] },
  'user.setPassword': { id, password: 'two herons over the lake' },
  'user.erase': { id },
};

describe('a request that the gateway has sealed and has not judged', () => {
  let bench: Bench;
  let app: INestApplicationContext;
  let caller: Caller;

  beforeAll(async () => {
    bench = await startBench();
    app = await startIam(bench);
    caller = await startCaller(bench);
  });
  afterAll(async () => {
    await caller.stop();
    await app.close();
    await bench.stop();
  });

  // With every scope, as a gateway might say that forgot to look: policies go by the role.
  const ada: Principal = {
    ...{ kind: 'user', tenant: 'default', id: '01890000-0000-7000-8000-000000000001' },
    ...{ roles: ['user'], scopes: ['read', 'write', 'admin'], tokenId: 't', sessionId: 's' },
  };

  it.each(Object.entries(inputs))('%s: iam-service refuses it by the policies', async (name, input) => {
    const asked = caller.call(name as OperationName, input as never, { principal: ada });
    await expect(asked).rejects.toMatchObject({ code: 'POLICY_DENIED' });
  });
});
