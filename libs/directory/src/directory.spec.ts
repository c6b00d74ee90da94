import {
  AgentErased,
  AgentKeyRotated,
  AgentReassigned,
  AgentRegistered,
  AgentResumed,
  AgentRevoked,
  AgentSuspended,
  AgentVerificationGranted,
  AgentVerificationWithdrawn,
  ApiKeyCreated,
  ApiKeyRevoked,
  type DirectoryEntry,
  findEvent,
  MessageExpired,
  SigningKeyActivated,
  SigningKeyRetired,
  DelegationCreated,
  DelegationRevoked,
  TokenRevoked,
} from '@concordat/contracts';
import fc from 'fast-check';
import { Directory } from './directory';
import type { DirectoryEvent } from './kinds/kind';

const time = '2026-01-01T00:00:00.000Z';
const publicKeys = [{ alg: 'Ed25519' as const, kid: 'k', value: 'AAAA' }];
const relationship = { controllerDid: null, relationshipType: 'owner' };
const dids = ['a', 'b'];
const tenants = ['t1', 't2'];
const keyIds = ['k1', 'k2'];
const kids = ['s1', 's2'];

const event = (position: number, type: string, data: object, tenant = 't1', epoch = 1): DirectoryEvent => ({
  ...{ at: { epoch, position }, tenant, type, time, actor: 'apiKey:k', data },
});
const registered = (position: number, did: string, tenant = 't1') =>
  event(position, AgentRegistered.type, { did, agentType: 'CLAUDE', publicKeys, ...relationship }, tenant);
const revoked = (position: number, did: string, tenant = 't1') =>
  event(position, AgentRevoked.type, { did, reason: 'x' }, tenant);

/** What a door may decide from it: a right that is not there and one that was taken away are the same. */
const decisions = (directory: Directory) => ({
  agents: tenants.map((tenant) =>
    dids.map((did) => {
      const found = directory.agent(tenant, did);
      return found?.status === 'active' ? found : undefined;
    }),
  ),
  apiKeys: keyIds.map((id) => {
    const found = directory.apiKey(id);
    return found?.status === 'active' ? found : undefined;
  }),
  signingKeys: kids.map((kid) => directory.signingKey(kid)),
  listed: directory
    .signingKeys()
    .map(({ publicKey }) => publicKey.kid)
    .sort(),
  delegations: tenants.map((tenant) =>
    [0, 1].map((which) => directory.delegation(tenant, `${tenant} d${which}`)),
  ),
  withdrawals: tenants.map((tenant) => dids.map((did) => directory.withdrawal(tenant, `before:${did}`))),
});

/** What changes an agent, and what it makes of its entry; `n` tells one change from another. */
const agentChange: Record<string, (n: number) => { type: string; data: object; entry: object }> = {
  revoke: () => ({ type: AgentRevoked.type, data: { reason: 'x' }, entry: { status: 'revoked' } }),
  erase: () => ({ type: AgentErased.type, data: {}, entry: { status: 'erased', verified: false } }),
  suspend: () => ({ type: AgentSuspended.type, data: { reason: 'x' }, entry: { status: 'suspended' } }),
  resume: () => ({ type: AgentResumed.type, data: {}, entry: { status: 'active' } }),
  verify: () => ({
    ...{ type: AgentVerificationGranted.type, data: { statement: null, by: 'b' }, entry: { verified: true } },
  }),
  withdraw: () => ({
    type: AgentVerificationWithdrawn.type,
    data: { reason: 'withdrawn', statement: null },
    entry: { verified: false },
  }),
  rotate: (n) => {
    const keys = [{ ...publicKeys[0]!, kid: `k${n}` }];
    return { type: AgentKeyRotated.type, data: { publicKeys: keys }, entry: { publicKeys: keys } };
  },
  reassign: (n) => {
    const stands = { controllerDid: `did:${n}`, relationshipType: 'owner' };
    const data = { agentType: `T${n}`, ...stands };
    return { type: AgentReassigned.type, data, entry: { type: `T${n}`, ...stands } };
  },
};

/** What can happen at iam-service, in the order in which it can happen: whoever has ended does not come back. */
const history = fc
  .array(
    fc.record({
      tenant: fc.constantFrom(...tenants),
      what: fc.constantFrom(
        ...['agent', 'agent', 'apiKey', 'revokeKey', 'signingKey', 'retire', 'delegate', 'takeBack'],
        ...['withdraw', 'other'],
        ...Object.keys(agentChange),
      ),
      which: fc.constantFrom(0, 1),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map((steps) => {
    const given = new Set<string>();
    const ended = new Set<string>();
    const events: DirectoryEvent[] = [];
    for (const { tenant, what, which } of steps) {
      const position = events.length + 1;
      const agent = `${tenant} ${dids[which]}`;
      const key = keyIds[which]!;
      const change = agentChange[what];
      if (what === 'agent' && !given.has(agent)) events.push(registered(position, dids[which]!, tenant));
      if (what === 'agent') given.add(agent);
      if (change && given.has(agent) && (!ended.has(agent) || what === 'erase')) {
        const { type, data } = change(position);
        events.push(event(position, type, { did: dids[which], ...data }, tenant));
        if (what === 'revoke' || what === 'erase') ended.add(agent);
      }
      const created = { id: key, name: 'n', hash: `h${position}`, scopes: ['read'], expiresAt: null };
      if (what === 'apiKey' && !given.has(key))
        events.push(event(position, ApiKeyCreated.type, created, tenant));
      if (what === 'apiKey') given.add(key);
      if (what === 'revokeKey' && given.has(key))
        events.push(event(position, ApiKeyRevoked.type, { id: key }, tenant));
      const publicKey = { alg: 'Ed25519', kid: kids[which], value: 'AAAA' };
      if (what === 'retire' && given.has(kids[which]!)) events.push(event(position, SigningKeyRetired.type, { kid: kids[which], reason: 'superseded' })); // prettier-ignore
      const link = { id: `${tenant} d${which}`, owner: 'a', from: 'a', to: 'b', parent: null, scopes: ['read'], operations: null, expiresAt: time }; // prettier-ignore
      if (what === 'delegate' && !given.has(link.id)) events.push(event(position, DelegationCreated.type, link, tenant)); // prettier-ignore
      if (what === 'takeBack' && given.has(link.id)) events.push(event(position, DelegationRevoked.type, { id: link.id, owner: 'a' }, tenant)); // prettier-ignore
      if (what === 'delegate') given.add(link.id);
      const taken = { name: `before:${dids[which]}`, subject: dids[which], until: time };
      if (what === 'withdraw') events.push(event(position, TokenRevoked.type, taken, tenant));
      if (what === 'signingKey') given.add(kids[which]!);
      if (what === 'signingKey') events.push(event(position, SigningKeyActivated.type, { publicKey }));
      if (what === 'other') events.push(event(position, MessageExpired.type, {}, tenant));
    }
    return events;
  });

const kidOf = (publicKey: unknown): string => (publicKey as { kid: string }).kid;

/** The snapshot of iam-service after the given events: every entry with the position of its last change. */
function snapshot(events: readonly DirectoryEvent[]): { at: DirectoryEvent['at']; entry: DirectoryEntry }[] {
  const entries = new Map<string, { at: DirectoryEvent['at']; entry: DirectoryEntry }>();
  for (const { at, tenant, type, data } of events) {
    const facts = data as Record<string, never>;
    const { did, id, hash, scopes, expiresAt, publicKey } = facts;
    const change = (name: string, over: object): void => {
      entries.set(name, { at, entry: { ...entries.get(name)?.entry, ...over } as DirectoryEntry });
    };
    const active = { tenant, status: 'active' };
    const agent = {
      kind: 'agent',
      ...active,
      did,
      type: 'CLAUDE',
      publicKeys,
      verified: false,
      registeredBy: 'apiKey:k',
      ...relationship,
    };
    if (type === AgentRegistered.type) change(`${tenant} ${did}`, agent);
    const made = Object.values(agentChange).map((make) => make(at.position));
    const found = made.find((one) => one.type === type);
    if (found) change(`${tenant} ${did}`, found.entry);
    if (type === ApiKeyCreated.type) change(id!, { kind: 'apiKey', ...active, id, hash, scopes, expiresAt });
    if (type === ApiKeyRevoked.type) change(id!, { status: 'revoked' });
    if (type === SigningKeyActivated.type)
      change(kidOf(publicKey), { kind: 'signingKey', publicKey, activatedAt: time });
    if (type === SigningKeyRetired.type) entries.delete(`${facts['kid']}`);
    const { owner, to, parent, operations } = facts;
    if (type === DelegationCreated.type)
      change(id!, { kind: 'delegation', tenant, id, owner, to, parent, operations, expiresAt });
    if (type === DelegationRevoked.type) entries.delete(id!);
    const { name, until } = facts;
    if (type === TokenRevoked.type)
      change(`${tenant} ${name}`, { kind: 'withdrawal', tenant, name, position: at, until });
  }
  return [...entries.values()];
}

describe('the directory', () => {
  it('comes to the same decisions wherever a snapshot is taken and whatever the control lane says before the stream', () => {
    const arbitrary = history.chain((events) =>
      fc.record({
        events: fc.constant(events),
        /** Chunks of a fuzzy snapshot show later states than its position. */
        cut: fc.nat({ max: events.length }),
        seen: fc.nat({ max: events.length }),
        /** How many events the control lane is ahead of the stream, at every step. */
        lead: fc.array(fc.nat({ max: 4 }), { minLength: events.length, maxLength: events.length }),
      }),
    );
    fc.assert(
      fc.property(arbitrary, ({ events, cut, seen, lead }) => {
        const from = Math.min(cut, seen);
        const inOrder = new Directory();
        const hurried = new Directory();
        let said = 0;
        const say = (until: number): void => {
          for (; said < Math.min(until, events.length); said++)
            if (findEvent(events[said]!.type)?.control)
              hurried.anticipate({ ...events[said]!, time: 'another' });
        };
        say(lead[0] ?? 0);
        for (const { at, entry } of snapshot(events.slice(0, seen))) hurried.put(at, entry);
        if (from > 0) hurried.advanced(events[from - 1]!.at);
        for (const one of events.slice(0, from)) inOrder.apply(one);
        for (const [index, one] of events.slice(from).entries()) {
          say(from + index + 1 + lead[from + index]!);
          inOrder.apply(one);
          hurried.apply(one);
          hurried.advanced(one.at);
        }
        expect(decisions(hurried)).toEqual(decisions(inOrder));
      }),
      { numRuns: 1_000 },
    );
  });

  it('lets what is taken away count at once, also when it was not yet heard of, and until the stream has come there', () => {
    const directory = new Directory();
    directory.anticipate(revoked(5, 'a'));
    directory.anticipate(event(6, ApiKeyRevoked.type, { id: 'k1' }));
    directory.apply(registered(4, 'a'));
    const key = { id: 'k1', hash: 'h', scopes: ['read' as const], expiresAt: null };
    directory.put({ epoch: 1, position: 3 }, { kind: 'apiKey', tenant: 't1', status: 'active', ...key });
    for (let turn = 0; turn < 2; turn++) {
      expect(directory.agent('t1', 'a')?.status).toBe('revoked');
      expect(directory.apiKey('k1')?.status).toBe('revoked');
      directory.advanced({ epoch: 1, position: 4 });
    }
    directory.apply(revoked(5, 'a'));
    directory.advanced({ epoch: 1, position: 5 });
    expect(directory.agent('t1', 'a')?.status).toBe('revoked');
  });

  it('never goes back behind a snapshot for what the control lane said before it', () => {
    const directory = new Directory();
    const keys = (kid: string) => [{ ...publicKeys[0]!, kid }];
    directory.anticipate(event(5, AgentKeyRotated.type, { did: 'a', publicKeys: keys('older') }));
    const entry = {
      kind: 'agent' as const,
      tenant: 't1',
      did: 'a',
      type: 'CLAUDE',
      verified: false,
      registeredBy: null,
    };
    const stands = { status: 'active' as const, ...relationship };
    directory.put({ epoch: 1, position: 8 }, { ...entry, ...stands, publicKeys: keys('newer') });
    directory.advanced({ epoch: 1, position: 3 });
    expect(directory.agent('t1', 'a')?.publicKeys).toEqual(keys('newer'));
  });

  it('keeps tenants apart: a withdrawal in one takes nothing in the other', () => {
    const directory = new Directory();
    directory.apply(registered(1, 'a', 't1'));
    directory.apply(registered(2, 'a', 't2'));
    directory.apply(revoked(3, 'a', 't2'));
    expect(directory.agent('t1', 'a')?.status).toBe('active');
    expect(directory.agent('t2', 'a')?.status).toBe('revoked');
  });

  it('believes a later epoch over a higher position of an earlier one', () => {
    const directory = new Directory();
    directory.apply(registered(1, 'a'));
    directory.apply(revoked(900, 'a'));
    directory.apply({ ...registered(1, 'a'), at: { epoch: 2, position: 1 } });
    expect(directory.agent('t1', 'a')?.status).toBe('active');
  });

  it('finds nothing under the names that objects bring along, nor across kinds of entries', () => {
    const directory = new Directory();
    directory.apply(registered(1, 'a'));
    directory.apply(
      event(2, SigningKeyActivated.type, { publicKey: { alg: 'Ed25519', kid: 's1', value: 'AAAA' } }),
    );
    for (const name of ['__proto__', 'constructor', 'toString', '', 'a', 'agent t1 a', 's1 ']) {
      expect(directory.apiKey(name)).toBeUndefined();
      expect(directory.signingKey(name)).toBeUndefined();
      expect(directory.agent('t1', `${name}?`)).toBeUndefined();
    }
    expect(directory.signingKeys().map(({ publicKey }) => publicKey.kid)).toEqual(['s1']);
    directory.clear();
    expect(directory.size).toBe(0);
  });
});
