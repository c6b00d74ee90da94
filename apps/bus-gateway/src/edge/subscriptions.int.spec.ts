import { limits } from '@concordat/contracts';
import { eventually, newAgent } from '@concordat/testing';
import { randomUUID } from 'node:crypto';
import { type DoorBench, startDoorBench } from '../door.fixture';
import { type RunningGateway, startGateway } from '../gateway.fixture';
import { doorsOfStreams, type Received, type Subscriber } from '../subscriber.fixture';
import { OpenStreams } from './open-streams';

describe('subscriptions', () => {
  let doors: DoorBench;
  let gateway: RunningGateway;
  const open: Subscriber[] = [];
  beforeAll(async () => {
    doors = await startDoorBench();
    ({ gateway } = doors);
  });
  afterEach(async () => {
    for (const subscriber of open.splice(0)) subscriber.close();
    await eventually(() => expect(gateway.app.get(OpenStreams).size).toBe(0));
  });
  afterAll(() => doors.stop());

  const newcomer = async () => {
    const agent = newAgent();
    await doors.iam.register(agent);
    return { did: agent.did, authorization: await doors.iam.bearer(agent.did) };
  };
  /** A process that was busy for a second refuses until it is sure of its directory again. */
  const post = async (path: string, body: object, authorization = doors.authorization.admin) => {
    const headers = { 'content-type': 'application/json', authorization, 'idempotency-key': randomUUID() };
    return eventually(async () => {
      const answer = await fetch(gateway.url + path, {
        ...{ method: 'POST', headers, body: JSON.stringify(body) },
      });
      expect([path, answer.ok]).toEqual([path, true]);
      return (await answer.json()) as { id: string };
    });
  };
  const send = async (to: string, payload: unknown = 1): Promise<string> =>
    (await post('/v1/messages', { to, type: 'EVENT', payload })).id;
  const sendMany = (to: string, count: number) =>
    Promise.all(Array.from({ length: count }, (_, n) => send(to, n)));
  const ack = (items: readonly Received[], authorization: string) =>
    post('/v1/inbox/ack', { tokens: items.map(({ deliveryToken }) => deliveryToken) }, authorization);
  const has = (subscriber: Subscriber, count: number) =>
    eventually(() => expect(subscriber.items).toHaveLength(count));
  const idsOf = (items: readonly Received[]) => items.map(({ id }) => id);

  describe.each(doorsOfStreams)('over %s', (door, openDoor, openSilent) => {
    const subscribe = async (...request: Parameters<typeof openDoor>): Promise<Subscriber> => {
      for (;;) {
        try {
          const subscriber = await openDoor(...request);
          open.push(subscriber);
          return subscriber;
        } catch (error) {
          // A process that was busy for a second.
          if ((error as Error).message !== 'DIRECTORY_STALE') throw error;
          await request[0].whenFresh();
        }
      }
    };

    it('a message that waits, and one that comes later / are brought', async () => {
      const { did, authorization } = await newcomer();
      const waiting = await send(did);
      const subscriber = await subscribe(gateway, authorization);
      await has(subscriber, 1);
      const later = await send(did);
      await has(subscriber, 2);
      expect(idsOf(subscriber.items)).toEqual([waiting, later]);
      expect(subscriber.items).toMatchObject([{ attempt: 1 }, { attempt: 1 }]);
    });

    it('with credits for two / has two in flight, and the next when one is acknowledged', async () => {
      const { did, authorization } = await newcomer();
      await sendMany(did, 5);
      const subscriber = await subscribe(gateway, authorization, { credits: 2, leaseSeconds: 600 });
      await has(subscriber, 2);
      // Something that was sent later to somebody else has come: so would the third have.
      const other = await newcomer();
      const neighbour = await subscribe(gateway, other.authorization);
      await send(other.did);
      await has(neighbour, 1);
      expect(subscriber.items).toHaveLength(2);
      await ack(subscriber.items.slice(0, 1), authorization);
      await has(subscriber, 3);
      await ack(subscriber.items.slice(1), authorization);
      await has(subscriber, 5);
      expect(new Set(idsOf(subscriber.items)).size).toBe(5);
    });

    it('that acknowledges nothing / gets the next when a lease has ended', async () => {
      const { did, authorization } = await newcomer();
      await sendMany(did, 2);
      const subscriber = await subscribe(gateway, authorization, { credits: 1, leaseSeconds: 1 });
      await eventually(() => expect(new Set(idsOf(subscriber.items)).size).toBe(2));
    });

    it('whose caller goes / is forgotten, and what it had comes to the next', async () => {
      const { did, authorization } = await newcomer();
      const first = await subscribe(gateway, authorization, { leaseSeconds: 1 });
      const id = await send(did);
      await has(first, 1);
      first.close();
      await eventually(() => expect(gateway.app.get(OpenStreams).size).toBe(0));
      const second = await subscribe(gateway, authorization);
      await has(second, 1);
      expect(second.items).toMatchObject([{ id, attempt: 2 }]);
    });

    it.each<[string, () => string, string]>([
      ['a stranger', () => doors.authorization.garbage, 'CREDENTIAL_INVALID'],
      ['a key', () => doors.authorization.admin, 'AGENT_REQUIRED'],
    ])('%s / is refused', async (_who, authorization, code) => {
      const refusal = await subscribe(gateway, authorization()).then(
        (subscriber) => subscriber.ended,
        (error: Error) => error.message,
      );
      expect(refusal).toBe(code);
    });

    it('more than a caller may have / are refused until one is closed', async () => {
      const { authorization } = await newcomer();
      const streams = gateway.app.get(OpenStreams);
      const perOne = door === 'WebSocket' ? 2 : 1;
      for (let n = 0; n < limits.streamsPerCaller / perOne; n++) await subscribe(gateway, authorization);
      await eventually(() => expect(streams.size).toBe(limits.streamsPerCaller));
      const refused = await subscribe(gateway, authorization).then(
        ({ ended }) => ended,
        (error: Error) => error.message,
      );
      expect(refused).toBe('STREAM_LIMIT_REACHED');
      open[0]!.close();
      await eventually(() => expect(streams.size).toBe(limits.streamsPerCaller - perOne));
      const { did, authorization: other } = await newcomer();
      const another = await subscribe(gateway, other);
      await send(did);
      await has(another, 1);
    });

    it('an agent that is revoked while it listens / hears no more: the stream ends', async () => {
      const times: number[] = [];
      for (let n = 0; n < 5; n++) {
        const { did, authorization } = await newcomer();
        const subscriber = await subscribe(gateway, authorization);
        await send(did);
        await has(subscriber, 1);
        const begun = performance.now();
        await doors.iam.revoke(did);
        expect(await subscriber.ended).toBe('CREDENTIAL_INVALID');
        times.push(performance.now() - begun);
        expect(subscriber.items).toHaveLength(1);
      }
      times.sort((a, b) => a - b);
      const [p50, p99] = [times[Math.floor(times.length / 2)]!, times.at(-1)!];
      process.stdout.write(
        `revoked → stream closed over ${door}: p50 ${Math.round(p50)} ms, worst of ${times.length} ${Math.round(p99)} ms\n`,
      );
    });

    it('a token that expires / ends the stream', async () => {
      const { did } = await newcomer();
      const authorization = await doors.iam.bearer(did, {
        issuedAtMs: Date.now() - (limits.accessTokenSeconds - 2) * 1_000,
      });
      const subscriber = await subscribe(gateway, authorization);
      expect(await subscriber.ended).toBe('TOKEN_EXPIRED');
    });

    it('a gateway that stops / ends the stream and says so', async () => {
      const another = await startGateway(doors.bench, 'bus-2');
      await another.whenFresh();
      const { did, authorization } = await newcomer();
      const subscriber = await openDoor(another, authorization);
      await send(did);
      await has(subscriber, 1);
      await another.stop();
      expect(await subscriber.ended).toBe('SERVICE_UNAVAILABLE');
    });

    it('fifty readers beside one that reads nothing / have all of theirs', async () => {
      const silent = await newcomer();
      open.push({ close: await openSilent(gateway, silent.authorization) } as Subscriber);
      // Together more than the sockets between take.
      for (let n = 0; n < 8; n++) await send(silent.did, 'x'.repeat(1_000_000));
      const readers = await Promise.all(
        Array.from({ length: 50 }, async () => {
          const { did, authorization } = await newcomer();
          return { did, subscriber: await subscribe(gateway, authorization) };
        }),
      );
      await Promise.all(readers.map(({ did }) => sendMany(did, 3)));
      await Promise.all(readers.map(({ subscriber }) => has(subscriber, 3)));
    });
  });
});
