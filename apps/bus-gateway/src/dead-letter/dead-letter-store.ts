import { parsePosition, type Position } from '@concordat/contracts';
import { activeTraceparent } from '@concordat/runtime';
import { type MessageHead, parseHead } from '../bus/delivery-view';
import { type MessageView, parseHistory } from '../bus/message-state';
import { keepEndedMs, type PartitionScripts } from '../bus/partition-scripts';
import { parseQueueName, type Queue, queueName } from '../bus/queue';

export interface DeadLetter {
  readonly queue: Queue;
  readonly id: string;
  readonly partition: number;
  /** Clock of its partition when it failed: by it, and by its name, they are sorted. */
  readonly clock: number;
  readonly head: MessageHead;
  readonly attempts: number;
  readonly error: string;
  readonly failedAt: string;
  readonly history: MessageView['history'];
  readonly timestamp: string;
  /** JSON text; empty where it was not asked for */
  readonly payload: string;
}

/** Where a page ended: in the partition, the clock and the member of the last one. */
export interface Place {
  readonly clock: string;
  readonly member: string;
}

export const memberOf = ({ queue, id }: Pick<DeadLetter, 'queue' | 'id'>): string =>
  `${queueName(queue)} ${id}`;

const start: Place = { clock: '+inf', member: '' };

/** Messages that were given up after their last attempt, with what there is to know of it. */
export class DeadLetterStore {
  constructor(
    private readonly scripts: PartitionScripts,
    readonly partitions: number,
  ) {}

  /** The latest first. @throws ConcordatError SERVICE_UNAVAILABLE */
  async list(
    partition: number,
    tenant: string,
    count: number,
    { after = start, withPayload = false }: { after?: Place | undefined; withPayload?: boolean } = {},
  ): Promise<DeadLetter[]> {
    const args = [tenant, count, after.clock, after.member, withPayload ? '1' : '0'];
    const reply = (await this.scripts.run('listDeadLetters', partition, args)) as string[][];
    return reply.map((fields) => toDeadLetter(partition, fields));
  }

  /** @returns those that were changed, and the position of the last event */
  async change(
    verb: 'replay' | 'purge',
    partition: number,
    letters: readonly Pick<DeadLetter, 'queue' | 'id'>[],
    actor: string,
  ): Promise<{ changed: boolean[]; at: Position | undefined }> {
    const names = letters.flatMap(({ queue, id }) => [queueName(queue), id]);
    const args = [keepEndedMs, actor, verb, activeTraceparent() ?? '', ...names];
    const reply = (await this.scripts.run('changeDeadLetters', partition, args)) as (number | string)[];
    return {
      changed: reply.slice(0, -1).map((flag) => flag === 1),
      at: parsePosition(String(reply.at(-1))),
    };
  }
}

function toDeadLetter(partition: number, fields: readonly string[]): DeadLetter {
  const [queue, id, clock, head, attempts, error, failedAt, history, timestamp, payload] = fields;
  return {
    ...{ partition, id: id!, queue: parseQueueName(queue!)!, clock: Number(clock) },
    ...{ head: parseHead(head!), attempts: Number(attempts), error: error!, failedAt: failedAt! },
    ...{ history: parseHistory(history!), timestamp: timestamp!, payload: payload! },
  };
}
