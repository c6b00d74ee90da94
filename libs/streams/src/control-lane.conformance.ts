import { ed25519Signer } from '@concordat/crypto';
import { blockingConnection, commandConnection } from './connection';
import { ControlLaneCheck, ControlLanePublisher, type ControlVerdict } from './control-lane';
import { ControlLaneReader } from './control-lane-reader';
import { streamKeys } from './keys';
import { type RedisConnection, whenReady } from './redis-connection';

const signer = ed25519Signer(new Uint8Array(32).fill(1));
const head = { epoch: 1, position: 5 };
const nowMs = (): number => 1_000_000;

/** What every Redis promises to the control lane. @param interrupt what the lane must come through while it is read */
export function describeControlLane(where: string, url: () => string, interrupt: () => Promise<void>): void {
  describe(`the control lane in ${where}`, () => controlLaneSpecs(url, interrupt));
}

function controlLaneSpecs(url: () => string, interrupt: () => Promise<void>): void {
  let redis: RedisConnection;
  beforeAll(async () => {
    redis = commandConnection({ url: url(), name: 'test' });
    await whenReady(redis, 5_000);
  });
  beforeEach(() => redis.del(streamKeys.control('iam')));
  afterAll(() => redis.disconnect());

  const publisher = (startedAtMs: number) =>
    new ControlLanePublisher({ redis, service: 'iam', signer, startedAtMs, nowMs });

  it('carries heartbeats and revocations in order, without gaps', async () => {
    const lane = publisher(1);
    const event = { at: head, tenant: 't1', type: 'concordat.iam.agent.revoked.v1', data: { did: 'x' } };
    await Promise.all([lane.publish(head, null), lane.publish(head, event), lane.publish(head, null)]);
    const reader = new ControlLaneCheck('iam', signer.publicKeys, nowMs);
    const entries = await redis.xrange(streamKeys.control('iam'), '-', '+');
    const verdicts = entries.map(([, [, body, , sig]]) => reader.accept(body!, sig!));
    expect(verdicts.map((v) => 'entry' in v && [v.entry.sequence, v.isContiguous])).toEqual([
      [1, false],
      [2, true],
      [3, true],
    ]);
    expect(verdicts[1]).toMatchObject({ entry: { event } });
  });

  it('is read from now on, through an outage', async () => {
    await publisher(1).publish(head, null); // before the reader: not for it
    const seen: ControlVerdict[] = [];
    const reader = new ControlLaneReader({
      blocking: blockingConnection({ url: url(), name: 'reader' }),
      service: 'iam',
      trusted: signer.publicKeys,
      nowMs,
      onVerdict: (verdict) => seen.push(verdict),
      onError: () => {},
    });
    reader.start();
    const lane = publisher(2);
    const until = async (isTrue: () => boolean): Promise<void> => {
      while (!isTrue()) {
        await lane.publish(head, null).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    await until(() => seen.length > 2);
    expect(seen.every((verdict) => 'entry' in verdict && verdict.entry.incarnation === 2)).toBe(true);
    await interrupt();
    const before = seen.length;
    await until(() => seen.length > before + 2);
    await reader.stop();
  });
}
