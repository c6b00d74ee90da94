import fc from 'fast-check';
import { readLine } from './imported-line';

const nowMs = Date.parse('2026-06-01T00:00:00Z');
const user = '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a';
const did = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
const plain = { timestamp: '2026-02-01T12:00:00Z', drag_mode: 'research', workflow_name: 'Review sources' };
const read = (fields: object) => readLine(JSON.stringify({ ...plain, ...fields }), nowMs);

describe('a line of an older log', () => {
  it('is read with the names of older logs, flat or nested', () => {
    const flat = read({
      ...{ trace_id: 'c0ffee', user_id: user, actor_name: 'Analyst', mission_objective: 'Find out.' },
      ...{ input_constraints: ['public sources only'], outcome: 'SUCCESS', duration_seconds: 1.5 },
    });
    expect(flat).toEqual({
      ...{ mode: 'RESEARCH', action: 'Review sources', outcome: 'success', correlationId: 'c0ffee' },
      ...{ occurredAtMs: Date.parse(plain.timestamp), subject: `user:${user}` },
      aim: { actor: 'Analyst', inputConstraints: ['public sources only'], mission: 'Find out.' },
    });
    const nested = read({
      ...{ correlationId: 'c0ffee', userId: user, outcome: 'success' },
      aim: {
        actor: { name: 'Analyst' },
        constraints: 'public sources only',
        mission: { objective: 'Find out.' },
      },
    });
    expect(nested).toEqual(flat);
  });

  it('is about the agent that it names by its DID', () =>
    expect(read({ actor: did, mission: 'x' })).toMatchObject({ subject: did, aim: { actor: did } }));

  it('has no AIM context when it says but a part of it, and no subject when it names nobody known', () =>
    expect(read({ actor: 'Analyst', user_id: 'd9428888-122b-11e1-b85c-61cd3cbb3210' })).toMatchObject({
      ...{ aim: null, subject: null, outcome: null, correlationId: null },
    }));

  it.each([
    ['2026-02-01 12:00:00.123456', '2026-02-01T12:00:00.123Z'],
    ['2026-02-01T12:00:00', '2026-02-01T12:00:00.000Z'],
    ['2026-02-01T12:00:00+02:00', '2026-02-01T10:00:00.000Z'],
  ])('has its time in UTC: %s', (timestamp, time) =>
    expect(read({ timestamp })).toMatchObject({ occurredAtMs: Date.parse(time) }),
  );

  it.each([
    ['no JSON', '{"mode":', /JSON/],
    ['a list', '[]', /a line is a JSON object/],
    ['a key twice', '{"mode":"DRAFT","mode":"GRUNT"}', /.+/],
    ['without a mode', JSON.stringify({ ...plain, drag_mode: undefined }), /mode is missing/],
    ['of another mode', JSON.stringify({ ...plain, drag_mode: 'execute' }), /^mode: /],
    ['without an action', JSON.stringify({ ...plain, workflow_name: null }), /action is missing/],
    ['with a line break in its action', JSON.stringify({ ...plain, workflow_name: 'a\nb' }), /^action: /],
    ['without a time', JSON.stringify({ ...plain, timestamp: undefined }), /occurredAt .* is missing/],
    ['with a time that is none', JSON.stringify({ ...plain, timestamp: 'yesterday' }), /RFC 3339/],
    ['with a day that is none', JSON.stringify({ ...plain, timestamp: '2026-13-01T00:00:00Z' }), /RFC 3339/],
    ['of the future', JSON.stringify({ ...plain, timestamp: '2026-06-01T00:00:01Z' }), /must have passed/],
    ['with another outcome', JSON.stringify({ ...plain, outcome: 'maybe' }), /^outcome: /],
    [
      'with a mission too long',
      JSON.stringify({ ...plain, actor: 'a', mission: 'x'.repeat(4_097) }),
      /^aim\.mission: /,
    ],
  ])('%s / is refused, and said why', (_title, line, why) => expect(readLine(line, nowMs)).toMatch(why));

  it('of whatever / is read or refused, never thrown at, and nothing of it is repeated', () => {
    const secret = 'Kanarienvogel';
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.object().map((o) => JSON.stringify({ ...plain, ...o })),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const result = readLine(text, nowMs);
        expect(['string', 'object']).toContain(typeof result);
      }),
    );
    for (const field of ['drag_mode', 'workflow_name', 'timestamp', 'outcome']) {
      const said = read({ [field]: `${secret}\n${secret}` });
      expect([typeof said, String(said).includes(secret)]).toEqual(['string', false]);
    }
  });
});
