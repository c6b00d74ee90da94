import { type LocalAgent } from '../client/agent-files';
import { deliveryOf, messageId as id } from '../message/delivery.fixture';
import { CommandLine } from './command-line.fixture';

let line: CommandLine;
let ada: LocalAgent;
beforeEach(async () => {
  line = await CommandLine.open();
  ada = await line.localAgent('ada');
});
afterEach(() => line.close());

const nth = (n: number): string => id.replace(/.$/, String(n));
const auditMessage = (n: number) => ({
  ...{
    messageId: nth(n),
    from: ada.did,
    to: 'topic:news',
    type: 'EVENT',
    priority: 'NORMAL',
    status: 'SENT',
  },
  ...{ correlationId: 'c', replyTo: null, payload: `m${n}\u001b[2J`, deliveredAt: null, ttlSeconds: null },
  ...{ timestamp: `2026-01-01T00:00:0${n}.000Z`, retryCount: 0, error: null },
});
const printed = (): unknown[] =>
  line.printed
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as unknown);

describe('tail', () => {
  beforeEach(() => {
    line.gateway.answers['GET /v1/audit/messages'] = {
      items: [3, 2, 1].map(auditMessage),
      nextCursor: null,
    };
  });

  it('shows the latest messages, oldest first, a line each, and takes nothing', async () => {
    expect(await line.run('tail', '--last', '2', '--count', '2', '-o', 'json')).toBe(0);
    expect(printed()).toEqual([2, 3].map(auditMessage));
    expect(line.gateway.seen.map(({ route }) => route)).toEqual(['GET /v1/audit/messages']);
  });

  it('asks for what is wanted, and cannot be made to steer the terminal', async () => {
    expect(await line.run('tail', '--agent', 'ada', '--correlation', 'c', '--count', '1')).toBe(0);
    expect(line.gateway.seen[0]!.query).toEqual({ agent: ada.did, correlationId: 'c', limit: '500' });
    expect(line.printed).toContain(`${ada.did} → topic:news  EVENT NORMAL  SENT  "m1\\u001b[2J"`);
    expect(line.printed).not.toContain('\u001b');
  });
});

describe('tail --ack', () => {
  const acked: unknown[] = [];
  beforeEach(() => {
    acked.length = 0;
    const waiting = [1, 2, 3].map((n) => deliveryOf(ada.did, ada.did, { id: nth(n), deliveryToken: `${n}` }));
    line.gateway.answers['GET /v1/inbox'] = () => ({ items: waiting.splice(0, 1) });
    line.gateway.answers['POST /v1/inbox/ack'] = ({ body }: { body: { tokens: string[] } }) => {
      acked.push(...body.tokens);
      return { acked: [] };
    };
    line.gateway.answers['POST /v1/inbox/nack'] = { id, outcome: 'returned' };
  });

  it('takes the messages of the inbox, and no more than it shows', async () => {
    expect(await line.run('tail', '--ack', '--as', 'ada', '--count', '2', '-o', 'json')).toBe(0);
    expect(printed()).toMatchObject([{ id: nth(1) }, { id: nth(2) }]);
    expect(line.printed).not.toContain('deliveryToken');
    expect(acked).toEqual(['1', '2']);
  });

  it('gives back what could not be shown', async () => {
    line.stdoutFailure = new Error('ENOSPC: no space left on device');
    expect(await line.run('tail', '--ack', '--as', 'ada')).toBe(1);
    expect(line.said).toContain('(ENOSPC: no space left on device); it comes again');
    expect([acked, line.gateway.seen.at(-1)]).toMatchObject([[], { route: 'POST /v1/inbox/nack' }]);
  });

  it('takes everything or nothing', async () => {
    expect(await line.run('tail', '--ack', '--as', 'ada', '--correlation', 'c')).toBe(1);
    expect(line.said).toContain('leave out --agent and --correlation');
  });
});

describe('message show', () => {
  it('says what became of a message', async () => {
    const time = '2026-01-01T00:00:00.000Z';
    line.gateway.answers[`GET /v1/messages/${id}`] = {
      ...{ id, from: ada.did, to: 'topic:news', type: 'EVENT', priority: 'LOW', status: 'PENDING' },
      ...{ correlationId: null, timestamp: time, deliveredAt: null, attempts: 0 },
      recipients: { open: 1, delivered: 2, failed: 0, expired: 0, purged: 0 },
      history: [{ attempt: 1, at: time, cause: 'lease', error: null }],
    };
    expect(await line.run('message', 'show', id)).toBe(0);
    expect(line.printed).toContain(`${id}: PENDING`);
    expect(line.printed).toMatch(/Recipients +1 open, 2 delivered/);
    expect(line.printed).toMatch(/1 +2026-01-01T00:00:00.000Z +lease/);
    line.gateway.answers[`GET /v1/messages/${id}`] = 'MESSAGE_UNKNOWN';
    expect(await line.run('message', 'show', id)).toBe(1);
    expect(line.said).toContain('(MESSAGE_UNKNOWN)');
  });
});
