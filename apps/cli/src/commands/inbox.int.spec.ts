import { type Delivery } from '@concordat/contracts';
import { type LocalAgent } from '../client/agent-files';
import { deliveryOf, messageId as id } from '../message/delivery.fixture';
import { CommandLine } from './command-line.fixture';

let line: CommandLine;
let item: Delivery;
beforeEach(async () => {
  line = await CommandLine.open();
  const [ada, ben]: LocalAgent[] = [await line.localAgent('ada'), await line.localAgent('ben')];
  await line.agents.setCurrent('ada');
  item = deliveryOf(ben!.did, ada!.did);
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

  it('shows the tokens that settle what it leaves', async () => {
    expect(await line.run('inbox', 'fetch')).toBe(0);
    expect(line.printed).toContain(item.deliveryToken);
    line.printed = '';
    expect(await line.run('inbox', 'fetch', '--ack')).toBe(0);
    expect(line.printed).not.toContain(item.deliveryToken);
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

describe('deliveries', () => {
  const [one, two] = [`${id}.s`, `${id}.t`];

  it('are acknowledged by their tokens', async () => {
    expect(await line.run('inbox', 'ack', one, two)).toBe(0);
    expect(line.gateway.seen.at(-1)!.body).toEqual({ tokens: [one, two] });
    expect(line.printed).toBe(`${id} is acknowledged.\n`);
  });

  it('are given back with a pause and a reason', async () => {
    line.gateway.answers['POST /v1/inbox/nack'] = { id, outcome: 'returned' };
    expect(await line.run('inbox', 'nack', one, '--delay', '2m', '--reason', 'not now')).toBe(0);
    expect(line.gateway.seen.at(-1)!.body).toEqual({ token: one, delaySeconds: 120, reason: 'not now' });
    expect(line.printed).toBe(`${id} comes again after a pause.\n`);
    line.gateway.answers['POST /v1/inbox/nack'] = 'DELIVERY_TOKEN_STALE';
    expect(await line.run('inbox', 'nack', one)).toBe(1);
    expect(line.gateway.seen.at(-1)!.body).toEqual({ token: one });
    expect(line.said).toContain('(DELIVERY_TOKEN_STALE)');
  });

  it('are kept for longer', async () => {
    line.gateway.answers['POST /v1/inbox/extend'] = { extended: [id] };
    expect(await line.json('inbox', 'extend', one, '--lease-seconds', '600')).toEqual({ extended: [id] });
    expect(line.gateway.seen.at(-1)!.body).toEqual({ tokens: [one], leaseSeconds: 600 });
  });
});
