import { eventList } from '@concordat/contracts';
import { canonicalJson, toBase64url } from '@concordat/crypto';
import { factsOf } from './facts';
import { formats } from './formats';
import type { ClosedEvent, OpenEvent } from './record';

type Json = Record<string, unknown>;

const hash = toBase64url(new Uint8Array(32));
const recordOf = (type: string, over: object = {}): OpenEvent => ({
  ...{ kind: 'event', logIndex: 5, gap: [hash], salt: hash, body: hash },
  event: canonicalJson({
    ...{ id: 'iam:1:5', type, time: '2026-01-01T00:00:00.123456Z', tenant: 'default', actor: 'apiKey:1' },
    ...{ subject: 'did:key:z6Mk', source: '/concordat/iam', correlation: 'talk', data: '{}' },
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    ...over,
  }),
});
const lineOf = (format: 'ocsf' | 'ecs' | 'cef', record: Parameters<typeof factsOf>[0]): string => {
  const { head, tail } = formats[format].render(record);
  return `${head}chain${tail}`;
};
const types = eventList.map(({ type }) => type as string);

describe.each(types)('%s', (type) => {
  const record = recordOf(type);

  it('in OCSF / has what its class requires', () => {
    const event = JSON.parse(lineOf('ocsf', record)) as Json;
    const required = [
      'activity_id',
      'category_uid',
      'class_uid',
      'metadata',
      'severity_id',
      'time',
      'type_uid',
    ];
    const ofClass: Readonly<Record<number, readonly string[]>> = {
      3002: ['user', 'service'],
      3004: ['entity'],
      6003: ['actor', 'api', 'src_endpoint'],
    };
    const classUid = event['class_uid'] as number;
    for (const name of [...required, ...ofClass[classUid]!]) expect(event).toHaveProperty(name);
    expect(event['type_uid']).toBe(classUid * 100 + (event['activity_id'] as number));
    expect(Math.floor(classUid / 1_000)).toBe(event['category_uid']);
    expect(event['time']).toBe(1_767_225_600_123);
    expect(event).toMatchObject({ raw_data: record.event, metadata: { product: { name: 'Concordat' } } });
  });

  it('in ECS / is categorised by values that the schema allows, and that belong together', () => {
    const { event, ...rest } = JSON.parse(lineOf('ecs', record)) as Record<'event' | 'trace', Json>;
    const allowed: Readonly<Record<string, readonly string[]>> = {
      authentication: ['start', 'end', 'info'],
      iam: ['admin', 'change', 'creation', 'deletion', 'group', 'info', 'user'],
      api: [
        'access',
        'admin',
        'allowed',
        'change',
        'creation',
        'deletion',
        'denied',
        'end',
        'info',
        'start',
        'user',
      ],
    };
    const [category] = event['category'] as [string];
    expect(allowed[category]).toEqual(expect.arrayContaining(event['type'] as string[]));
    expect(['success', 'failure']).toContain(event['outcome']);
    expect(event['original']).toBe(record.event);
    expect(rest.trace).toEqual({ id: 'a'.repeat(32) });
  });

  it('in CEF / has a header of seven fields, and names that are no more than letters and digits', () => {
    const [, header, extensions] = /^((?:(?:\\.|[^\\|])*\|){7})(.*)$/s.exec(lineOf('cef', record))!;
    expect(header).toBe(
      `CEF:0|Concordat|Concordat|1|${type}|${type.split('.').slice(2, 4).join(' ')}|${factsOf(record).failed ? 6 : 3}|`,
    );
    const names = extensions!.split(/(?<!\\)=/).slice(0, -1);
    for (const name of names) expect(name).toMatch(/(^| )[A-Za-z0-9]+$/);
  });
});

it('what a verb does is known of every type, but of those that do nothing of the four', () => {
  const others = types.filter((type) => factsOf(recordOf(type)).action === 'other');
  const known = [
    ...['delivered', 'detected', 'ended', 'exceeded', 'exchanged', 'expired', 'failed', 'finished', 'fired'],
    ...['refused', 'replayed', 'returned', 'sent', 'skipped', 'started'],
  ];
  const verbs = new Set(others.map((type) => type.split('.')[3]!));
  expect([...verbs].filter((verb) => !known.includes(verb))).toEqual([]);
});

it('what would end a field or a line is escaped', () => {
  const record = recordOf('concordat.iam.agent.revoked.v1', { subject: 'a|b\\c=d\ne\rf' });
  const line = lineOf('cef', record);
  expect(line).toContain(' duser=a|b\\\\c\\=d\\ne\\rf ');
  for (const format of ['ocsf', 'ecs', 'cef'] as const) {
    expect(lineOf(format, record)).not.toContain('\n');
    expect(formats[format].read(lineOf(format, record))).toEqual({ record, chain: 'chain' });
  }
  expect(lineOf('cef', recordOf('concordat.iam.agent.x|y\\z\n.v1'))).toContain('|agent x\\|y\\\\z |');
});

it('of a closed event there is what its leaf tells', () => {
  const leaf = canonicalJson({
    id: 'i',
    type: 'concordat.iam.agent.revoked.v1',
    time: '2026-01-01T00:00:00Z',
  });
  const record: ClosedEvent = { kind: 'closed', logIndex: 1, gap: [], leaf };
  expect(JSON.parse(lineOf('ocsf', record))).toMatchObject({
    class_uid: 0,
    type_uid: 99,
    metadata: { uid: 'i' },
  });
  expect(JSON.parse(lineOf('ocsf', record))).not.toHaveProperty('actor');
  expect(JSON.parse(lineOf('ecs', record))).not.toHaveProperty('user');
  expect(lineOf('cef', record)).not.toMatch(/suser|ConcordatEvent/);
});
