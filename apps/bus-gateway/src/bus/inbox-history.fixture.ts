import { origin, type Position } from '@concordat/contracts';
import { streamKeys } from '@concordat/streams';
import { newAgent } from '@concordat/testing';
import fc from 'fast-check';
import type { BusBench } from './bus.fixture';
import { InboxModel, priorities, type Priority, type Settling } from './inbox-model.fixture';
import { keepEndedMs } from './partition-scripts';
import { inboxOf, queueName } from './queue';

/** Far more than a run takes, so that only the steps of the clock decide what has ended. */
const unitMs = 1_000_000;

const inbox = fc.constantFrom(0, 1);
const units = fc.integer({ min: 1, max: 3 });
const seldom = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
// Newest first, so that shrinking and chance both prefer tokens that may still be good.
const tokens = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 4 });
const settling = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ verb: 'ack' as const }) },
  { weight: 3, arbitrary: fc.nat({ max: 2 }).map((n) => ({ verb: 'nack' as const, delayMs: n * unitMs })) },
  { weight: 2, arbitrary: units.map((n) => ({ verb: 'extend' as const, leaseMs: n * unitMs })) },
  { weight: 2, arbitrary: fc.constant({ verb: 'release' as const }) },
);
const sent = {
  ...{ inbox, priority: fc.constantFrom(...priorities), ttl: seldom(units), delay: seldom(units) },
  key: fc.option(fc.constantFrom('k', 'l'), { nil: undefined, freq: 2 }),
};

interface Sent {
  readonly inbox: number;
  readonly priority: Priority;
  readonly ttl?: number | undefined;
  readonly delay?: number | undefined;
  readonly key?: string | undefined;
}

const steps = {
  send: [6, fc.record(sent)],
  repeat: [1, fc.record({ which: fc.nat(), isChanged: fc.boolean() })],
  fetch: [
    6,
    fc.record({ inbox, count: fc.integer({ min: 1, max: 4 }), lease: fc.integer({ min: 1, max: 2 }) }),
  ],
  settle: [
    6,
    fc.record({ settling, which: tokens, isStranger: fc.integer({ max: 5, min: 0 }).map((n) => n === 0) }),
  ],
  /** The consumers die with what they hold. */
  crash: [1, fc.record({})],
  advance: [2, fc.record({ by: units })],
  sweep: [3, fc.record({})],
  /** Fetches and lets the leases end, so that messages come to their last attempt. */
  cycle: [2, fc.record({ inbox, times: fc.constantFrom(1, 5) })],
  dead: [2, fc.record({ verb: fc.constantFrom('replay' as const, 'purge' as const), inbox })],
} as const;
type Steps = typeof steps;
export type Step = {
  [K in keyof Steps]: { readonly do: K } & (Steps[K][1] extends fc.Arbitrary<infer S> ? S : never);
}[keyof Steps];

export const step: fc.Arbitrary<Step> = fc.oneof(
  ...Object.entries(steps).map(([name, [weight, arbitrary]]) => ({
    weight,
    arbitrary: (arbitrary as fc.Arbitrary<object>).map((made) => ({ do: name, ...made }) as Step),
  })),
);

const keyOf = (did: string): string => `cc:{bus.0}:q:${queueName(inboxOf('default', did))}`;
const idsOf = (messages: readonly { id: string }[]): string[] => messages.map(({ id }) => id);

/** As `expect`, which costs more than what is compared here where nothing is wrong. */
function agree(actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual).toEqual(expected);
}

/** One history: the same steps in the model and in Redis, compared after each. */
export class History {
  readonly #model = new InboxModel();
  readonly #inboxes = [newAgent().did, newAgent().did];
  readonly #sent: (Sent & { commandId: string })[] = [];
  #tokens: { id: string; secret: string }[] = [];
  #read: Position = origin;

  constructor(
    private readonly bench: Pick<BusBench, 'outgoing' | 'store' | 'redis' | 'life' | 'advance'>,
    /** Told what happened. */
    private readonly count: (event: string) => void,
  ) {}

  async take(next: Step): Promise<void> {
    switch (next.do) {
      case 'send':
        return this.#send(`c${this.#sent.length}`, next, '1');
      case 'repeat': {
        const before = this.#sent[next.which % Math.max(1, this.#sent.length)];
        return before && this.#send(before.commandId, before, next.isChanged ? '2' : '1');
      }
      case 'fetch':
        return this.#fetch(this.#inboxes[next.inbox]!, next.count, next.lease);
      case 'settle':
        return this.#settle(next.which, next.isStranger, next.settling);
      case 'crash':
        this.#tokens = [];
        return undefined;
      case 'advance':
        return this.#advance(next.by);
      case 'sweep':
        return this.#sweep();
      case 'cycle':
        for (let i = 0; i < next.times; i++) {
          await this.#fetch(this.#inboxes[next.inbox]!, 4, 1);
          await this.#advance(1);
          await this.#sweep();
        }
        return undefined;
      case 'dead':
        return this.#changeDead(next.verb, this.#inboxes[next.inbox]!);
    }
  }

  async #send(commandId: string, step: Sent, digest: string): Promise<void> {
    const { priority, ttl, delay, key } = step;
    const to = this.#inboxes[step.inbox]!;
    const seconds = (count: number | undefined) =>
      count === undefined ? undefined : (count * unitMs) / 1_000;
    const over = { priority, key, ttlSeconds: seconds(ttl), delaySeconds: seconds(delay) };
    const message = this.bench.outgoing(to, { ...over, commandId, digest });
    const { now } = this.#model;
    const times = { expiresAt: now + (ttl ?? Infinity) * unitMs, dueAt: now + (delay ?? 0) * unitMs };
    const expected = this.#model.send(
      { id: message.id, inbox: to, priority, key, ...times },
      commandId,
      digest,
    );
    const answer = await this.bench.store.publish(message).catch((error: { code: string }) => error.code);
    if (typeof answer === 'string') agree([answer, expected], ['IDEMPOTENCY_KEY_REUSED', undefined]);
    else agree(answer.id, expected?.id);
    if (expected?.id === message.id) this.#sent.push({ ...step, commandId });
    await this.#compareFeed(expected?.told ?? []);
  }

  async #fetch(recipient: string, count: number, lease: number): Promise<void> {
    const expected = this.#model.fetch(recipient, count, lease * unitMs);
    const request = { tenant: 'default', recipient, count, leaseSeconds: (lease * unitMs) / 1_000 };
    const got = await this.bench.store.fetch(request);
    const line = ({ id, attempt }: { id: string; attempt: number }) => `${id} ${attempt}`;
    agree(got.map(line), expected.handedOut.map(line));
    for (const { id, token } of got) {
      this.#model.messages.get(id)!.token = token;
      this.#tokens.unshift({ id, secret: token });
    }
    await this.#compareFeed(expected.told);
  }

  async #settle(which: readonly number[], isStranger: boolean, settling: Settling): Promise<void> {
    const pairs = which.flatMap((index) => this.#tokens[index] ?? []);
    const owner = this.#model.messages.get(pairs[0]?.id ?? '')?.inbox ?? this.#inboxes[0]!;
    const consumer = isStranger ? this.#inboxes.find((name) => name !== owner)! : owner;
    const expected = pairs.map(({ id, secret }) => this.#model.settle(consumer, id, secret, settling));
    const queue = inboxOf('default', consumer);
    const verb = settling.verb === 'nack' ? { ...settling, reason: 'no' } : settling;
    const outcomes = await Promise.all(
      pairs.map((pair) => this.bench.store.settle({ ...pair, queue, consumer, ...verb })),
    );
    agree(
      outcomes,
      expected.map(({ verdict }) => verdict),
    );
    for (const outcome of outcomes) this.count(`${settling.verb} ${outcome}`);
    await this.#compareFeed(
      expected.flatMap((verdict) => verdict.told),
      { isOrdered: false },
    );
  }

  async #advance(by: number): Promise<void> {
    this.#model.now += by * unitMs;
    await this.bench.advance(0, by * unitMs);
  }

  #lists() {
    return this.#inboxes.flatMap((name) => {
      const { due, fresh } = this.#model.inbox(name);
      const lists = [['due', due] as const, ...priorities.map((lane) => [lane, fresh[lane]] as const)];
      return lists.map(([list, messages]) => ({
        key: `${keyOf(name)}:${list}`,
        messages,
        before: [...messages],
      }));
    });
  }

  async #sweep(): Promise<void> {
    const lists = this.#lists();
    const expected = this.#model.sweep();
    const { returned, failed } = await this.bench.store.sweep(0);
    agree([returned, failed], [expected.returned, expected.failed]);
    const used = lists.filter(({ messages, before }) => messages.length + before.length > 0);
    const read = await Promise.all(used.map(({ key }) => this.bench.redis.lrange(key, 0, -1)));
    for (const [i, { messages, before }] of used.entries()) {
      // Those that were there stay before the others, of which what came in the same millisecond may come in any order.
      const stayed = before.filter((message) => messages.includes(message));
      agree(read[i]!.slice(0, stayed.length), idsOf(stayed));
      agree([...read[i]!].sort(), idsOf(messages).sort());
      messages.splice(0, Infinity, ...read[i]!.map((id) => this.#model.messages.get(id)!));
    }
    await this.#compareFeed(expected.told, { isOrdered: false });
  }

  async #changeDead(verb: 'replay' | 'purge', name: string): Promise<void> {
    const dead = [...this.#model.messages.values()].filter(
      ({ inbox, status }) => inbox === name && (status === 'FAILED' || status === 'PURGED'),
    );
    if (dead.length === 0) return;
    const expected = dead.map(({ id }) => this.#model.changeDead(verb, id));
    const names = dead.flatMap(({ id }) => [queueName(inboxOf('default', name)), id]);
    const args = [keepEndedMs, 'user:a', verb, '', ...names];
    const reply = (await this.bench.store.scripts.run('changeDeadLetters', 0, args)) as unknown[];
    agree(
      reply.slice(0, -1),
      expected.map(({ changed }) => (changed ? 1 : 0)),
    );
    await this.#compareFeed(expected.flatMap((change) => change.told));
  }

  async #compareFeed(expected: readonly string[], { isOrdered } = { isOrdered: true }): Promise<void> {
    const [news, [at]] = await Promise.all([
      this.bench.life(0, this.#read),
      this.bench.redis.hmget(streamKeys.head('bus.0'), 'at'),
    ]);
    const told = news.map(({ event, attempt, replay, message }) => {
      const times = [...(attempt === undefined ? [] : [attempt]), ...(replay ? ['after', replay] : [])];
      return [event, ...times, 'of', message].join(' ');
    });
    agree(isOrdered ? told : told.sort(), isOrdered ? expected : [...expected].sort());
    for (const { event } of news) this.count(event);
    if (at) this.#read = { epoch: Number(at.split('-')[0]), position: Number(at.split('-')[1]) };
  }

  /** What is left in Redis is exactly what the model still knows. */
  async compareRest(): Promise<void> {
    const lists = this.#lists();
    const read = await Promise.all(lists.map(({ key }) => this.bench.redis.lrange(key, 0, -1)));
    agree(
      read,
      lists.map(({ messages }) => idsOf(messages)),
    );
    const keys = this.#inboxes.flatMap((name) => ['k', 'l'].map((key) => ({ name, key })));
    agree(
      await Promise.all(
        keys.map(({ name, key }) => this.bench.redis.lrange(`${keyOf(name)}:k:${key}`, 0, -1)),
      ),
      keys.map(({ name, key }) => idsOf(this.#model.inbox(name).keys.get(key) ?? [])),
    );
    const all = [...this.#model.messages.values()];
    const open = this.#inboxes.flatMap((name) => this.#model.waiting(name));
    const isLeased = ({ status }: { status: string }): boolean => status === 'SENT';
    const isDead = ({ status }: { status: string }): boolean => status === 'FAILED';
    for (const name of this.#inboxes) {
      const waiting = this.#model.waiting(name);
      const dead = all.filter(({ inbox, status }) => inbox === name && status === 'FAILED');
      const counts = await this.bench.redis.hmget(keyOf(name), 'count', 'leased', 'dead');
      agree(counts.map(Number), [waiting.length, waiting.filter(isLeased).length, dead.length]);
    }
    const kept = ['leases', 'expiries', 'delays', 'dead:default', 'burials'];
    const sizes = await Promise.all(kept.map((name) => this.bench.redis.zcard(`cc:{bus.0}:${name}`)));
    const mortal = open.filter(({ expiresAt }) => expiresAt < Infinity).length;
    const dead = all.filter(isDead).length;
    const delayed = open.filter(({ isDelayed }) => isDelayed).length;
    agree(sizes, [open.filter(isLeased).length, mortal, delayed, dead, dead]);
    const states = await Promise.all(all.map(({ id }) => this.bench.store.state('default', 0, id)));
    for (const [i, { status, attempt }] of all.entries())
      agree([states[i]?.status, states[i]?.attempts], [status === 'PURGED' ? 'EXPIRED' : status, attempt]);
  }
}
