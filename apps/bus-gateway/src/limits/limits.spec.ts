import type { LimitSetting, Principal } from '@concordat/contracts';
import type { Subject } from './limit-audit';
import { Limits } from './limits';
import type { SharedMeters } from './shared-meters';

const agent = (id: string, actors?: string[]): Principal => ({
  ...{ kind: 'agent', tenant: 't', id, scopes: [], tokenId: 'x' },
  ...(actors && { actors }),
});
const key: Principal = { kind: 'apiKey', tenant: 't', id: 'k', scopes: [] };
const stranger: Principal = { kind: 'anonymous', tenant: 't', id: 'anonymous', scopes: [] };
const setting = (kind: LimitSetting['kind'], id: string, over: Partial<LimitSetting>): LimitSetting => ({
  ...{ kind, id, requestsPerSecond: null, burst: null, messagesPerMinute: null, messagesPerDay: null },
  ...{ updatedAt: '2026-01-01T00:00:00.000Z', ...over },
});

/** One gateway whose Redis never answers, so that it goes by what it has counted itself; its clock stands still. */
function start(...set: LimitSetting[]) {
  const noted: Subject[] = [];
  const settings = new Map(set.map((one) => [`${one.kind} ${one.id}`, one]));
  const limits = new Limits({
    meters: {
      bucket: () => async () => undefined,
      window: () => async () => undefined,
    } as unknown as SharedMeters,
    settings: { of: async () => settings },
    audit: { note: (_tenant, subject) => void noted.push(subject) },
    defaults: { requestsPerSecond: 2, apiKeyRequestsPerSecond: 5, addressRequestsPerSecond: 1 },
    monotonicMs: () => 0,
  });
  /** How many of so many requests come through. */
  const admitted = async (times: number, principal: Principal, address: string | null = null) => {
    let through = 0;
    for (let time = 0; time < times; time++)
      await limits.admitRequest(principal, address).then(
        () => through++,
        (error: unknown) => expect(error).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 1 }),
      );
    return through;
  };
  return { limits, noted, admitted, settings };
}

describe('whom a request counts against', () => {
  it('is who asks, by what is set for it, or by the default of its kind', async () => {
    const { admitted, noted } = start(setting('agent', 'bob', { requestsPerSecond: 3, burst: 7 }));
    expect([
      await admitted(20, agent('ada')),
      await admitted(20, agent('bob')),
      await admitted(20, key),
    ]).toEqual([4, 7, 10]);
    expect(new Set(noted.map(({ kind, id }) => `${kind} ${id}`))).toEqual(
      new Set(['agent ada', 'agent bob', 'apiKey k']),
    );
  });

  it('with the right of another / is who acts, whosever right it is', async () => {
    const { admitted } = start();
    expect(await admitted(3, agent('ada', ['bob']))).toBe(3);
    expect(await admitted(3, agent('eve', ['bob']))).toBe(1);
    expect(await admitted(4, agent('ada'))).toBe(4);
  });

  it('is the tenant too, and who is refused for the tenant has not used up its own', async () => {
    const { admitted, noted, settings } = start(setting('tenant', 't', { requestsPerSecond: 1, burst: 3 }));
    expect(await admitted(4, agent('ada'))).toBe(3);
    expect(await admitted(4, agent('bob'))).toBe(0);
    expect(new Set(noted.map(({ kind }) => kind))).toEqual(new Set(['tenant']));
    settings.delete('tenant t');
    expect(await admitted(4, agent('bob'))).toBe(4);
  });

  it('without a credential / is the network that it comes from', async () => {
    const { admitted, noted } = start();
    expect(await admitted(5, stranger, '192.0.2.1')).toBe(2);
    expect(await admitted(5, stranger, '::ffff:192.0.2.1')).toBe(0);
    expect(await admitted(5, stranger, '2001:db8::1')).toBe(2);
    expect(await admitted(5, stranger, '2001:db8::2')).toBe(0);
    expect(await admitted(5, stranger, null)).toBe(2);
    expect(noted[0]).toEqual({ kind: 'address', id: 'anonymous' });
  });
});

describe('messages', () => {
  it('are let through all together or not at all, by every quota at once', async () => {
    const { limits, noted } = start(
      setting('agent', 'ada', { messagesPerMinute: 10 }),
      setting('tenant', 't', { messagesPerDay: 15 }),
    );
    const refused = { code: 'QUOTA_EXCEEDED' };
    await expect(limits.admitMessages(agent('ada'), 11)).rejects.toMatchObject(refused);
    await limits.admitMessages(agent('ada'), 10);
    await expect(limits.admitMessages(agent('ada'), 1)).rejects.toMatchObject(refused);
    await expect(limits.admitMessages(agent('bob'), 6)).rejects.toMatchObject(refused);
    await limits.admitMessages(agent('bob'), 5);
    expect(noted.map(({ kind }) => kind)).toEqual(['agent', 'agent', 'tenant']);
  });

  it('are without a quota where none is set', async () => {
    const { limits } = start();
    await limits.admitMessages(agent('ada'), 1_000_000);
    await limits.admitMessages(agent('ada'), 0);
  });
});
