import { randomBytes } from 'node:crypto';
import {
  eventId,
  MessageAccepted,
  MessageSent,
  parsePosition,
  type Position,
  RequestRefused,
} from '@concordat/contracts';
import { streamKeys } from '@concordat/streams';
import { eventually, newAgent, plainMessage } from '@concordat/testing';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';

jest.setTimeout(60_000);

type Fields = Partial<Record<string, string>>;

const message = {
  messageId: 'msg-1-0-0199f1c2-7b3a-7c4d-8e5f-000000000001',
  ...{ to: newAgent().did, from: 'apiKey:1' },
};
const sent = (over: object): Fields => ({
  ce_type: MessageSent.type,
  data: JSON.stringify({ ...message, attempt: 1, ...over }),
});
const accepted = (over: object): Fields => ({
  ce_type: MessageAccepted.type,
  data: JSON.stringify({
    ...{ ...plainMessage, ...message, type: 'COMMAND', priority: 'HIGH' },
    ...{ ttlSeconds: 60, payload: { text: 'a\0' } },
    ...over,
  }),
});
/** Characters of three bytes that do not compress, so that an index row really is as long as the text. */
const noise = (length: number): string =>
  Array.from({ length }, () => randomBytes(2).readUInt16BE())
    .map((value) => String.fromCharCode(0x4e00 + (value % 20_000)))
    .join('');

const poison: readonly (readonly [string, Fields])[] = [
  ['an attempt that no integer holds', sent({ attempt: 3_000_000_000 })],
  ['a time to live that no integer holds', accepted({ ttlSeconds: 3_000_000_000 })],
  ['a time before all times', { ce_time: '0000-01-01T00:00:00Z' }],
  ['a sender of 8,000 characters', sent({ from: noise(8_000) })],
  ['a sender with NUL', sent({ from: 'a\0' })],
  ['a sender of half a character', sent({ from: 'a\ud800' })],
  ['a payload of half a character', accepted({ payload: 'a\ud800' })],
  ['a subject of 8,000 characters', { ce_subject: noise(8_000) }],
  ['an actor with NUL', { actor: 'a\0' }],
  ['a correlation without end', { correlation: noise(8_000) }],
];

describe('entries that PostgreSQL does not take', () => {
  let audit: AuditBench;
  beforeEach(async () => {
    audit = await startAuditBench();
    await eventually(() => audit.caller.call('audit.key', {}));
  });
  afterEach(() => audit.stop());

  /** Writes entries as a stranger does who reached Redis, all at once. @returns the place of the last */
  const write = async (source: string, entries: readonly Fields[]): Promise<Position> => {
    const pipeline = audit.redis.multi();
    const place = (i: number): string => (i === 0 ? '0-0' : `7-${i}`);
    for (const [i, over] of entries.entries()) {
      const at = parsePosition(place(i + 1))!;
      const fields = {
        ...{ ce_specversion: '1.0', ce_id: eventId(source, at), ce_type: RequestRefused.type },
        ...{ ce_source: `/concordat/${source}`, ce_subject: 's', ce_time: new Date().toISOString() },
        ...{ tenant: 'default', actor: 'a', stream: '', version: '0', prev: place(i), data: '{}', ...over },
      };
      pipeline.xadd(streamKeys.events(source), place(i + 1), ...Object.entries(fields).flat());
    }
    await pipeline.exec();
    return parsePosition(place(entries.length))!;
  };
  const isCovered = (minPosition: Record<string, Position>) =>
    audit.caller.call('audit.key', {}, { minPosition });
  const stored = async (source: string): Promise<string[]> =>
    (
      await audit.rows<{ event_id: string }>(
        `SELECT event_id FROM audit_events WHERE source = '/concordat/${source}' ORDER BY log_index`,
      )
    ).map(({ event_id }) => event_id);
  const alarms = (source: string) =>
    audit.rows<{ kind: string; position: string; detail: string }>(
      `SELECT kind, position, detail FROM ingest_alarms WHERE source = '${source}' ORDER BY position`,
    );

  it('are left out, each with an alarm, and what comes behind them and beside them gets in', async () => {
    const good: Fields[] = [{}, accepted({}), sent({ attempt: 2_147_483_647, from: noise(256) })];
    const at = await write('bus.0', [...poison.map(([, fields]) => fields), ...good]);
    const names = { ce_subject: noise(512), actor: noise(512), correlation: noise(512) };
    const beside = await write('bus.1', [{}, names]);
    await eventually(() => isCovered({ 'bus.0': at, 'bus.1': beside }));
    const kept = await alarms('bus.0');
    expect(kept.map(({ kind, position }) => [kind, poison[Number(position) - 1]![0]])).toEqual(
      poison.map(([name]) => ['malformed', name]),
    );
    expect(await stored('bus.0')).toEqual(good.map((_, i) => `bus.0:7:${poison.length + i + 1}`));
    expect(await stored('bus.1')).toEqual(['bus.1:7:1', 'bus.1:7:2']);
    expect(await alarms('bus.1')).toEqual([]);
    expect((await audit.checks())['ingest']).toMatchObject({ ok: true });
  });

  it('are gone past with an alarm also when only PostgreSQL finds out', async () => {
    await audit.rows('ALTER TABLE audit_events ALTER COLUMN actor TYPE varchar(100)');
    const entries = Array.from({ length: 40 }, (_, i) =>
      i % 13 === 7 ? { actor: `secret-${noise(101)}` } : {},
    );
    const at = await write('bus.0', entries);
    const beside = await write('iam.feed', [{ ce_type: 'concordat.iam.handshake.refused.v1' }]);
    await eventually(() => isCovered({ 'bus.0': at, 'iam.feed': beside }));
    const detail = 'the entry cannot be stored: PostgreSQL refuses: 22001 (data exception)';
    expect(await alarms('bus.0')).toEqual(
      [8, 21, 34].map((position) => ({ kind: 'malformed', position: String(position), detail })),
    );
    expect(await stored('bus.0')).toHaveLength(37);
    expect(await stored('iam.feed')).toHaveLength(1);
    expect((await audit.checks())['ingest']).toMatchObject({ ok: true });
  });

  it('are not quoted by health, and nothing is left out, when it is the database that is not in order', async () => {
    await audit.rows("ALTER TABLE audit_events ADD CONSTRAINT fault CHECK (actor <> 'secret')");
    const at = await write('bus.0', [{ actor: 'secret' }, {}]);
    await eventually(async () =>
      expect((await audit.checks())['ingest']).toEqual({
        ok: false,
        detail: 'PostgreSQL refuses: 23514 (integrity constraint violation)',
      }),
    );
    await audit.rows('ALTER TABLE audit_events DROP CONSTRAINT fault');
    await eventually(() => isCovered({ 'bus.0': at }));
    expect(await stored('bus.0')).toHaveLength(2);
    expect(await alarms('bus.0')).toEqual([]);
  });
});
