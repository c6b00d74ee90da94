import { type LocalAgent } from '../client/agent-files';
import { CommandLine } from './command-line.fixture';

const id = 'msg-1-0-01890a5d-ac96-774b-bcce-b302099a8057';
let line: CommandLine;
let item: Record<string, unknown>;
beforeEach(async () => {
  line = await CommandLine.open();
  const [ada, ben]: LocalAgent[] = [await line.localAgent('ada'), await line.localAgent('ben')];
  await line.agents.setCurrent('ada');
  item = {
    ...{ id, deliveryToken: `${id}.s`, attempt: 1, from: ben!.did, to: ada!.did, type: 'QUERY' },
    ...{ priority: 'HIGH', correlationId: 'c', replyTo: null, payload: { n: 1 }, expiresAt: null },
    ...{ timestamp: '2026-01-01T00:00:00.000Z', leaseSeconds: 30, traceparent: null },
  };
  line.gateway.answers['GET /v1/inbox'] = () => ({ items: [item] });
  line.gateway.answers['POST /v1/inbox/ack'] = { acked: [id] };
});
afterEach(() => line.close());

const routes = (): string[] => line.gateway.seen.map(({ route }) => route);

describe('inbox', () => {
  it('shows what waits, which comes again', async () => {
    expect(await line.json('inbox', '--wait-seconds', '1', '--count', '5')).toEqual({ items: [item] });
    expect(line.gateway.seen[0]!.query).toEqual({ count: '5', waitSeconds: '1', leaseSeconds: '30' });
    expect(line.said).toContain('not acknowledged: they come again in 30 s');
    expect(routes()).toEqual(['GET /v1/inbox']);
  });

  it('says that nothing waits', async () => {
    line.gateway.answers['GET /v1/inbox'] = { items: [] };
    expect(await line.run('inbox', '--as', 'ben', '--ack')).toBe(0);
    expect(line.printed).toBe('The inbox is empty.\n');
    expect(routes()).toEqual(['GET /v1/inbox']);
  });

  it('cannot be made to steer the terminal', async () => {
    item = { ...item, correlationId: null, payload: 'a\u009bb\u202ec' };
    expect(await line.run('inbox')).toBe(0);
    expect(line.printed).toContain('"a\\u009bb\\u202ec"');
  });
});

describe('inbox --ack', () => {
  it('acknowledges what has been written', async () => {
    let writtenBefore = '';
    line.gateway.answers['POST /v1/inbox/ack'] = () => {
      writtenBefore = line.printed;
      return { acked: [id] };
    };
    expect(await line.json('inbox', '--ack')).toEqual({ items: [item] });
    expect(JSON.parse(writtenBefore)).toEqual({ items: [item] });
    expect(line.gateway.seen.at(-1)!.body).toEqual({ tokens: [`${id}.s`] });
    expect(line.said).toContain('acknowledged: 1 of 1');
  });

  it('acknowledges nothing when the output fails', async () => {
    line.stdoutFailure = new Error('ENOSPC: no space left on device');
    expect(await line.run('inbox', '--ack')).toBe(1);
    expect(line.said).toContain('(ENOSPC: no space left on device); none is acknowledged');
    expect(routes()).toEqual(['GET /v1/inbox']);
  });

  it('has shown the messages when the acknowledgement fails', async () => {
    line.gateway.answers['POST /v1/inbox/ack'] = 'DELIVERY_TOKEN_STALE';
    expect(await line.run('inbox', '--ack', '-o', 'json')).toBe(1);
    expect(JSON.parse(line.printed)).toEqual({ items: [item] });
    expect(line.said).toContain('(DELIVERY_TOKEN_STALE)');
  });
});
