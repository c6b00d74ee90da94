import { deliveryOf, messageId } from '../message/delivery.fixture';
import { CommandLine } from './command-line.fixture';

let line: CommandLine;
beforeEach(async () => void (line = await CommandLine.open()));
afterEach(() => line.close());

const createdAt = '2026-01-01T00:00:00.000Z';
const topic = { name: 'news', description: 'what happens', createdAt };
const group = { topic: 'news', group: 'readers', createdAt };
const path = '/v1/topics/news/subscriptions/readers';

describe('topics', () => {
  it('are created, shown, listed and deleted', async () => {
    const { answers, seen } = line.gateway;
    answers['POST /v1/topics'] = topic;
    answers['GET /v1/topics/news'] = topic;
    answers['GET /v1/topics'] = { items: [topic], nextCursor: 'more' };
    answers['DELETE /v1/topics/news'] = { name: 'news', purged: 3 };
    expect(await line.run('topic', 'create', 'news', '--description', 'what happens')).toBe(0);
    expect(seen.at(-1)!.body).toEqual({ name: 'news', description: 'what happens' });
    expect(line.printed).toContain('send to topic:news');
    expect(await line.json('topic', 'show', 'news')).toEqual(topic);
    expect(await line.run('topic', 'list')).toBe(0);
    expect(line.printed).toMatch(/news +what happens +2026/);
    expect(line.said).toContain('there are more');
    expect(await line.run('topic', 'delete', 'news')).toBe(0);
    expect(line.printed).toContain('3 messages were purged');
  });

  it('have groups', async () => {
    const { answers } = line.gateway;
    answers[`PUT ${path}`] = group;
    answers['GET /v1/topics/news/subscriptions'] = { items: [group], nextCursor: null };
    answers[`DELETE ${path}`] = { topic: 'news', group: 'readers', purged: 0 };
    expect(await line.json('topic', 'subscribe', 'news', 'readers')).toEqual(group);
    expect(await line.run('topic', 'groups', 'news')).toBe(0);
    expect(line.printed).toMatch(/readers +2026/);
    expect(await line.run('topic', 'unsubscribe', 'news', 'readers')).toBe(0);
    expect(line.printed).toContain('The group readers of news is removed');
    answers[`PUT ${path}`] = 'TOPIC_UNKNOWN';
    expect(await line.run('topic', 'subscribe', 'news', 'readers')).toBe(1);
    expect(line.said).toContain('(TOPIC_UNKNOWN)');
  });

  it('hand out their messages to agents, who settle them as those of the inbox', async () => {
    const { did } = await line.localAgent('ada');
    const item = deliveryOf(did, 'topic:news');
    line.gateway.answers[`GET ${path}/messages`] = { items: [item] };
    line.gateway.answers['POST /v1/inbox/ack'] = { acked: [messageId] };
    const argv = ['topic', 'fetch', 'news', 'readers', '--as', 'ada', '--count', '5', '--ack'];
    expect(await line.json(...argv)).toEqual({ items: [item] });
    const [fetch, ack] = line.gateway.seen;
    expect(fetch!.query).toEqual({ count: '5', waitSeconds: '0', leaseSeconds: '30' });
    expect(ack!.body).toEqual({ tokens: [item.deliveryToken] });
  });
});
