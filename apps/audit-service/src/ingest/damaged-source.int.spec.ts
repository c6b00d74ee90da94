import { HandshakeRefused, RequestRefused } from '@concordat/contracts';
import { streamKeys } from '@concordat/streams';
import { eventually, newAgent } from '@concordat/testing';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';

jest.setTimeout(60_000);

describe('a Redis that was damaged', () => {
  let audit: AuditBench;
  beforeAll(async () => {
    audit = await startAuditBench();
  });
  afterAll(() => audit.stop());

  const spec = { tenant: 'default', actor: 'anonymous', correlation: null, traceparent: null };
  const refuse = (caller: string): Promise<void> =>
    audit.feed('bus.feed').append({
      ...spec,
      spec: RequestRefused,
      data: { operation: 'agent.list', code: 'X', caller, count: 1 },
    });
  const refuseHandshake = (did: string): Promise<void> =>
    audit
      .feed('iam.feed')
      .append({ ...spec, spec: HandshakeRefused, data: { did, reason: 'bad-signature', count: 1 } });
  const isIn = (caller: string): Promise<void> =>
    eventually(async () => {
      const [row] = await audit.rows<{ n: string }>(
        `SELECT count(*) AS n FROM audit_events WHERE subject = '${caller}'`,
      );
      expect(row!.n).toBe('1');
    });
  const alarms = async (source: string): Promise<string[]> =>
    (await audit.rows<{ kind: string }>(`SELECT kind FROM ingest_alarms WHERE source = '${source}'`)).map(
      ({ kind }) => kind,
    );

  it('with garbage in one stream keeps no other from being read, and the stream goes on behind it', async () => {
    await refuse('before');
    await isIn('before');
    const { epoch, position } = (await audit.log.head('bus.feed'))!.at;
    await audit.redis.xadd(streamKeys.events('bus.feed'), `${epoch}-${position + 1}`, 'nonsense', '1');
    await audit.redis.hset(streamKeys.head('bus.feed'), 'position', position + 1);
    const { did } = newAgent();
    await refuseHandshake(did);
    await refuse('behind');
    await Promise.all([isIn(did), isIn('behind')]);
    expect(await alarms('bus.feed')).toContain('malformed');
  });

  it('that came back without its newest entries is noticed, and no position is used twice', async () => {
    for (const caller of ['kept', 'lost']) await refuse(caller);
    await isIn('lost');
    const { epoch, position } = (await audit.log.head('bus.feed'))!.at;
    await audit.redis.xdel(streamKeys.events('bus.feed'), `${epoch}-${position}`);
    await audit.redis.hset(
      streamKeys.head('bus.feed'),
      'position',
      position - 1,
      'at',
      `${epoch}-${position - 1}`,
    );
    await eventually(async () => expect(await alarms('bus.feed')).toContain('regressed'));
    await refuse('later');
    await isIn('later');
    expect((await audit.log.head('bus.feed'))!.at.epoch).toBeGreaterThan(epoch);
  });
});
