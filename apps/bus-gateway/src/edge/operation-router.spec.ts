import { ConcordatError, operations, origin, type Principal } from '@concordat/contracts';
import { type EdgeRequest, OperationRouter, type RouterPorts } from './operation-router';

const principal: Principal = { kind: 'apiKey', tenant: 'acme', id: '0'.repeat(16), scopes: ['read'] };
const request: EdgeRequest = {
  ...{
    operation: operations['auth.whoami'],
    input: {},
    authorization: 'ApiKey …',
    idempotencyKey: undefined,
  },
  ...{ minPosition: undefined, conversation: undefined, address: null },
  signal: new AbortController().signal,
};

/** A door whose directory hears of the end of a right while somebody waits for it. */
function doorWhereItEnds() {
  let isHeard = false;
  const ports = {
    authenticator: {
      authenticate: async () => principal,
      requireDelegated: () => undefined,
      recheck: () => undefined,
    },
    freshness: { reached: async () => void (isHeard = true) },
    authorizer: {
      authorize: () => {
        if (isHeard) throw new ConcordatError('POLICY_DENIED');
      },
    },
    handlers: { 'auth.whoami': async () => ({ output: principal, position: null }) },
    refusals: { record: async () => undefined },
    lastSeen: { note: () => undefined },
  };
  return new OperationRouter(ports as unknown as RouterPorts);
}

describe('what the policies say', () => {
  it('is asked after the position that the request wants has been reached', async () => {
    const minPosition = `iam:${origin.epoch}-7`;
    await expect(doorWhereItEnds().route({ ...request, minPosition })).rejects.toMatchObject({
      code: 'POLICY_DENIED',
    });
  });

  it('is asked of what is known where the request wants nothing', async () => {
    expect((await doorWhereItEnds().route(request)).output).toEqual(principal);
  });
});
