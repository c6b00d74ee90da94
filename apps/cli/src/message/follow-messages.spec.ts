import { type Concordat, type OperationRequest } from '@concordat/sdk';
import { type AuditMessage, followMessages } from './follow-messages';

type Input = OperationRequest<'audit.messages'>;

const at = (seconds: number): string => new Date(Date.UTC(2030, 0, 1) + seconds * 1_000).toISOString();
const message = (messageId: string, seconds: number) =>
  ({ messageId, timestamp: at(seconds) }) as AuditMessage;

/** An audit trail that grows when nobody looks. */
function trail(...growth: (readonly AuditMessage[])[]) {
  const there: AuditMessage[] = [...growth.shift()!];
  const asked: Input[] = [];
  const latestFirst = (): AuditMessage[] => [...there].sort((a, b) => b.timestamp.localeCompare(a.timestamp));
  const messages = async (input: Input) => {
    asked.push(input);
    const found = latestFirst().filter(({ timestamp }) => timestamp >= (input.from ?? ''));
    const start = Number(input.cursor ?? 0);
    const end = start + Number(input.limit);
    return { items: found.slice(start, end), nextCursor: end < found.length ? String(end) : null };
  };
  return {
    asked,
    client: { audit: { messages } } as unknown as Concordat,
    pause: async () => void there.push(...growth.shift()!),
  };
}

async function take(count: number, messages: AsyncGenerator<AuditMessage>): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) ids.push(((await messages.next()).value as AuditMessage).messageId);
  return ids;
}

describe('messages that are followed', () => {
  it('come once each, also those that the trail hears of late', async () => {
    const { client, pause, asked } = trail(
      [message('a', 1), message('b', 2)],
      [message('d', 40)],
      [message('late', 30), message('e', 41)],
    );
    const followed = followMessages(client, { correlationId: 'c' }, 1, pause);
    expect(await take(4, followed)).toEqual(['b', 'd', 'late', 'e']);
    expect(asked.every(({ correlationId }) => correlationId === 'c')).toBe(true);
    expect(asked[2]!.from).toBe(at(-20));
  });

  it('are not those that were there before the first look', async () => {
    const many = Array.from({ length: 600 }, (_, n) => message(`m${n}`, n / 100));
    const { client, pause } = trail(many, [message('new', 7)]);
    expect(await take(1, followMessages(client, {}, 0, pause))).toEqual(['new']);
  });

  it('come all, however many there are at once', async () => {
    const many = Array.from({ length: 1_200 }, (_, n) => message(`m${n}`, n / 100));
    const { client, pause } = trail([], many);
    expect(await take(1_200, followMessages(client, {}, 10, pause))).toEqual(many.map((m) => m.messageId));
  });
});
