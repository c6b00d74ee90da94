import { origin, type Position } from '@concordat/contracts';
import { newAgent } from '@concordat/testing';
import fc from 'fast-check';
import { type BusBench, startBusBench } from './bus.fixture';
import { InboxModel, priorities } from './inbox-model.fixture';
import { partitionKeys } from './partition';

/** Far more than a run takes, so that only the steps of the clock decide what has ended. */
const unitMs = 1_000_000;
const runs = 300;

const inbox = fc.constantFrom(0, 1);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      inbox,
      priority: fc.constantFrom(...priorities),
      ttl: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('repeat' as const), which: fc.nat(), isChanged: fc.boolean() }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('fetch' as const),
      inbox,
      count: fc.integer({ min: 1, max: 4 }),
      lease: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('ack' as const),
      isStranger: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
      // Newest first, so that shrinking and chance both prefer tokens that may still be good.
      which: fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('advance' as const), by: fc.integer({ min: 1, max: 2 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('reap' as const) }) },
  // Time passes, and leases end: five of these fail a message.
  { weight: 5, arbitrary: fc.record({ do: fc.constant('cycle' as const), inbox }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** One run: the same steps in the model and in Redis, compared after each. */
class Run {
  readonly #model = new InboxModel();
  readonly #inboxes = [newAgent().did, newAgent().did];
  readonly #sent: { commandId: string; inbox: string; ttl: number | undefined }[] = [];
  readonly #tokens: { id: string; secret: string }[] = [];
  #read: Position = origin;

  constructor(private readonly bench: BusBench) {}

  async take(next: Step): Promise<void> {
    switch (next.do) {
      case 'send':
        return this.#send(this.#inboxes[next.inbox]!, `c${this.#sent.length}`, next, '1');
      case 'repeat': {
        const before = this.#sent[next.which % Math.max(1, this.#sent.length)];
        const send = { priority: 'NORMAL' as const, ttl: before?.ttl };
        return before && this.#send(before.inbox, before.commandId, send, next.isChanged ? '2' : '1');
      }
      case 'fetch':
        return this.#fetch(this.#inboxes[next.inbox]!, next.count, next.lease);
      case 'ack':
        return this.#ack(next.which, next.isStranger);
      case 'advance':
        return this.#advance(next.by);
      case 'reap':
        return this.#reap();
      case 'cycle':
        await this.#fetch(this.#inboxes[next.inbox]!, 4, 1);
        await this.#advance(1);
        return this.#reap();
    }
  }

  async #send(
    to: string,
    commandId: string,
    { priority, ttl }: { priority: (typeof priorities)[number]; ttl: number | undefined },
    digest: string,
  ): Promise<void> {
    const ttlSeconds = ttl === undefined ? undefined : (ttl * unitMs) / 1_000;
    const message = this.bench.outgoing(to, { commandId, digest, priority, ttlSeconds });
    const expiresAt = ttl === undefined ? Infinity : this.#model.now + ttl * unitMs;
    const expected = this.#model.send({ id: message.id, inbox: to, priority, expiresAt }, commandId, digest);
    const answer = await this.bench.store.publish(message).catch((error: { code: string }) => error.code);
    if (typeof answer === 'string') expect([answer, expected]).toEqual(['IDEMPOTENCY_KEY_REUSED', undefined]);
    else expect(answer.id).toBe(expected?.id);
    if (expected?.id === message.id) this.#sent.push({ commandId, inbox: to, ttl });
    await this.#compareFeed(expected?.told ?? []);
  }

  async #fetch(recipient: string, count: number, lease: number): Promise<void> {
    const expected = this.#model.fetch(recipient, count, lease * unitMs);
    const request = { tenant: 'default', recipient, count, leaseSeconds: (lease * unitMs) / 1_000 };
    const got = await this.bench.store.fetch({ ...request, consumer: 'bus-1' });
    expect(got.map(({ id, attempt }) => `${id} ${attempt}`)).toEqual(
      expected.handedOut.map(({ id, attempt }) => `${id} ${attempt}`),
    );
    for (const { id, token } of got) {
      this.#model.messages.get(id)!.token = token;
      this.#tokens.unshift({ id, secret: token });
    }
    await this.#compareFeed(expected.told);
  }

  async #ack(which: readonly number[], isStranger: boolean): Promise<void> {
    const pairs = which.flatMap((index) => this.#tokens[index] ?? []);
    const owner = this.#model.messages.get(pairs[0]?.id ?? '')?.inbox ?? this.#inboxes[0]!;
    const recipient = isStranger ? this.#inboxes.find((name) => name !== owner)! : owner;
    const expected = pairs.map(({ id, secret }) => this.#model.ack(recipient, id, secret));
    const { settled } = await this.bench.store.ack('default', recipient, pairs);
    expect(settled).toEqual(expected.map((verdict) => verdict.settled));
    await this.#compareFeed(expected.flatMap((verdict) => verdict.told));
  }

  async #advance(by: number): Promise<void> {
    this.#model.now += by * unitMs;
    await this.bench.advance(0, by * unitMs);
  }

  async #reap(): Promise<void> {
    const expected = this.#model.reap();
    const { ended } = await this.bench.store.reap(0);
    expect(ended).toBe(expected.ended.length);
    for (const name of this.#inboxes) {
      const due = await this.bench.redis.lrange(partitionKeys(0).inbox('default', name).due, 0, -1);
      expect([...due].sort()).toEqual(
        this.#model
          .due(name)
          .map(({ id }) => id)
          .sort(),
      );
      this.#model.reorderDue(name, due);
    }
    await this.#compareFeed(expected.told, { isOrdered: false });
  }

  async #compareFeed(expected: readonly string[], { isOrdered } = { isOrdered: true }): Promise<void> {
    const news = await this.bench.life(0, this.#read);
    const told = news.map(({ event, attempt, message }) =>
      [event, ...(attempt === undefined ? [] : [attempt]), 'of', message].join(' '),
    );
    expect(isOrdered ? told : told.sort()).toEqual(isOrdered ? expected : [...expected].sort());
    const [at] = await this.bench.redis.hmget(partitionKeys(0).head, 'at');
    if (at) this.#read = { epoch: Number(at.split('-')[0]), position: Number(at.split('-')[1]) };
  }

  /** What is left in Redis is exactly what the model still knows. */
  async compareRest(): Promise<void> {
    const keys = partitionKeys(0);
    const open = this.#inboxes.flatMap((name) => this.#model.waiting(name));
    for (const name of this.#inboxes) {
      const own = keys.inbox('default', name);
      const waiting = this.#model.waiting(name);
      expect(Number(await this.bench.redis.get(own.count))).toBe(waiting.length);
      const lengths = await Promise.all(own.lanes.map((lane) => this.bench.redis.xlen(lane)));
      expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(waiting.length);
    }
    const leased = open.filter(({ status }) => status === 'SENT').length;
    const mortal = open.filter(({ expiresAt }) => expiresAt < Infinity).length;
    expect(await this.bench.redis.zcard(keys.leases)).toBe(leased);
    expect(await this.bench.redis.zcard(keys.expiries)).toBe(mortal);
    for (const { id, status, attempt } of this.#model.messages.values())
      expect(await this.bench.store.state('default', 0, id)).toMatchObject({
        status,
        attempt: String(attempt),
      });
  }
}

it(`an inbox in a real Redis does what its model does: ${runs} random histories`, async () => {
  const bench = await startBusBench(1);
  const seen = new Map<string, number>();
  try {
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }),
      async (steps) => {
        await bench.redis.flushall();
        const run = new Run(bench);
        for (const next of steps) await run.take(next);
        await run.compareRest();
        for (const { event } of await bench.life(0)) seen.set(event, (seen.get(event) ?? 0) + 1);
      },
    );
    await fc.assert(property, { numRuns: runs, endOnFailure: false });
  } finally {
    await bench.stop();
  }
  // The histories must have been about something.
  for (const event of ['accepted', 'sent', 'delivered', 'failed', 'expired'])
    expect(seen.get(event) ?? 0).toBeGreaterThan(0);
  process.stdout.write(`${runs} histories: ${JSON.stringify(Object.fromEntries(seen))}\n`);
}, 120_000);
