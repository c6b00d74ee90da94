import { ConcordatError, operations, origin, type Principal } from '@concordat/contracts';
import type { OperationContext } from '@concordat/runtime';
import { newAgent } from '@concordat/testing';
import type { EdgeItem, EdgeRequest } from './edge-request';
import { OperationRouter, type RouterPorts } from './operation-router';

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
    freshness: { reached: async () => void (isHeard = true), whenFresh: async () => undefined },
    authorizer: {
      authorize: () => {
        if (isHeard) throw new ConcordatError('POLICY_DENIED');
      },
    },
    handlers: { 'auth.whoami': async () => ({ output: principal, position: null }) },
    refusals: { record: async () => undefined },
    lastSeen: { note: () => undefined },
    limits: { admitRequest: async () => undefined },
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

describe('several things in one request', () => {
  /** Notes who is let in, what is audited, and what is begun and ended by which item. */
  function doorThatNotes(isAdmitted = true) {
    const notes: string[] = [];
    const ports = {
      authenticator: {
        authenticate: async () => {
          notes.push('authenticate');
          if (!isAdmitted) throw new ConcordatError('CREDENTIAL_INVALID');
          return { ...principal, scopes: ['read', 'write'] };
        },
        requireDelegated: () => undefined,
        recheck: (who: Principal) => who,
      },
      freshness: { reached: async () => void notes.push('reached'), whenFresh: async () => undefined },
      authorizer: { authorize: () => undefined },
      handlers: {
        'message.get': async ({ id }: { id: string }) => {
          notes.push(`begin ${id.at(-1)}`);
          await new Promise((resolve) => setImmediate(resolve));
          notes.push(`end ${id.at(-1)}`);
          throw new ConcordatError(id.endsWith('0') ? 'MESSAGE_UNKNOWN' : 'POLICY_DENIED');
        },
      },
      refusals: { record: async ({ code }: ConcordatError) => void notes.push(code) },
      lastSeen: { note: () => undefined },
      limits: { admitRequest: async () => undefined, admitMessages: async () => undefined },
    };
    return { notes, router: new OperationRouter(ports as unknown as RouterPorts) };
  }
  const id = 'msg-1-0-01890000-0000-7000-8000-00000000000';
  const item = (digit: number, lane: string): EdgeItem => ({
    ...{ input: { id: `${id}${digit}` }, idempotencyKey: undefined, lane },
  });
  const { input: _, idempotencyKey: __, ...rest } = request;
  const several = { ...rest, operation: operations['message.get'], minPosition: `iam:${origin.epoch}-7` };
  const codes = (answers: readonly unknown[]): unknown[] =>
    answers.map((answer) => (answer as ConcordatError).code);

  it('prove once who asks and wait once, and are answered or refused each by itself, in their order', async () => {
    const { notes, router } = doorThatNotes();
    const none = new ConcordatError('CLOUD_EVENT_INVALID');
    const answers = await router.routeEach(several, async () => [
      item(0, 'a'),
      none,
      item(1, 'a'),
      item(2, 'b'),
    ]);
    expect(codes(answers)).toEqual([
      'MESSAGE_UNKNOWN',
      'CLOUD_EVENT_INVALID',
      'POLICY_DENIED',
      'POLICY_DENIED',
    ]);
    expect(notes.filter((note) => /authenticate|reached/.test(note))).toEqual(['authenticate', 'reached']);
    // Those of a lane one after the other, other lanes beside them; each refusal is audited.
    expect(notes.indexOf('end 0')).toBeLessThan(notes.indexOf('begin 1'));
    expect(notes.indexOf('begin 2')).toBeLessThan(notes.indexOf('end 0'));
    expect(notes.filter((note) => note === 'POLICY_DENIED')).toHaveLength(2);
  });

  it('are not looked at when the caller is refused', async () => {
    const { notes, router } = doorThatNotes(false);
    const read = jest.fn(async () => []);
    await expect(router.routeEach(several, read)).rejects.toMatchObject({ code: 'CREDENTIAL_INVALID' });
    expect(read).not.toHaveBeenCalled();
    expect(notes).toEqual(['authenticate', 'CREDENTIAL_INVALID']);
  });
});

describe('what is asked', () => {
  it('is not read for a caller who is refused', async () => {
    const input = jest.fn();
    const ports = {
      authenticator: { authenticate: () => Promise.reject(new ConcordatError('CREDENTIAL_INVALID')) },
      refusals: { record: async () => undefined },
    };
    const router = new OperationRouter(ports as unknown as RouterPorts);
    await expect(router.route({ ...request, input })).rejects.toMatchObject({
      code: 'CREDENTIAL_INVALID',
    });
    expect(input).not.toHaveBeenCalled();
  });

  it('is refused as whoever reads it says', async () => {
    const input = () => Promise.reject(new ConcordatError('CONTENT_CODING_INVALID'));
    await expect(doorWhereItEnds().route({ ...request, input })).rejects.toMatchObject({
      code: 'CONTENT_CODING_INVALID',
    });
  });
});

describe('a request that waits in its handler', () => {
  /** A door where a policy comes into force, or the right ends, while a handler waits. */
  const doorWhere = (meanwhile: { credential?: Principal; isDenied?: boolean }) => {
    let hasWaited = false;
    const ports = {
      authenticator: {
        authenticate: async () => principal,
        requireDelegated: () => undefined,
        recheck: () => meanwhile.credential ?? principal,
      },
      freshness: { whenFresh: async () => undefined },
      authorizer: {
        authorize: () => {
          if (hasWaited && meanwhile.isDenied) throw new ConcordatError('POLICY_DENIED');
        },
      },
      handlers: {
        'agent.get': async (_: unknown, { recheck }: OperationContext) => {
          hasWaited = true;
          await recheck!();
          return { output: {}, position: null };
        },
      },
      refusals: { record: async () => undefined },
      lastSeen: { note: () => undefined },
      limits: { admitRequest: async () => undefined, admitMessages: async () => undefined },
    };
    return new OperationRouter(ports as unknown as RouterPorts);
  };
  const operation = { ...operations['agent.get'], service: 'bus' as const };
  const waiting = { ...request, operation, input: { did: newAgent().did } };

  it.each([
    ['a policy that came into force meanwhile', { isDenied: true }, 'POLICY_DENIED'],
    ['a scope that was taken away', { credential: { ...principal, scopes: [] } }, 'SCOPE_MISSING'],
  ])('is refused by %s', async (_, meanwhile, code) => {
    await expect(doorWhere(meanwhile).route(waiting)).rejects.toMatchObject({ code });
  });
});
