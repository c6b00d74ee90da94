import { ed25519Signer } from '@concordat/crypto';
import { startRedis } from '@concordat/processes';
import type Redis from 'ioredis';
import { blockingConnection, commandConnection, whenReady } from './connection';
import { ControlLaneCheck, ControlLanePublisher, type ControlVerdict } from './control-lane';
import { ControlLaneReader } from './control-lane-reader';
import { streamKeys } from './keys';

const signer = ed25519Signer(new Uint8Array(32).fill(1));
const head = { epoch: 1, position: 5 };

describe('the control lane in a real Redis', () => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  let redis: Redis;
  let nowMs = 1_000_000;

  beforeAll(async () => {
    server = await startRedis({ flavour: 'volatile' });
    redis = commandConnection({ url: server.url, name: 'test' });
    await whenReady(redis, 5_000);
  });
  beforeEach(() => redis.flushall());
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  const publisher = (startedAtMs = 1, by = signer) =>
    new ControlLanePublisher({ redis, service: 'iam', signer: by, startedAtMs, nowMs: () => nowMs });
  const check = () => new ControlLaneCheck('iam', signer.publicKeys, () => nowMs);
  const bodies = async (): Promise<[string, string][]> =>
    (await redis.xrange(streamKeys.control('iam'), '-', '+')).map(([, fields]) => [fields[1]!, fields[3]!]);

  it('carries heartbeats and revocations in order, without gaps', async () => {
    const lane = publisher();
    const event = { at: head, tenant: 't1', type: 'concordat.iam.agent.revoked.v1', data: { did: 'x' } };
    await Promise.all([lane.publish(head, null), lane.publish(head, event), lane.publish(head, null)]);
    const reader = check();
    const verdicts = (await bodies()).map(([body, sig]) => reader.accept(body, sig));
    expect(verdicts.map((v) => 'entry' in v && [v.entry.sequence, v.isContiguous])).toEqual([
      [1, false],
      [2, true],
      [3, true],
    ]);
    expect(verdicts[1]).toMatchObject({ entry: { event } });
  });

  it('refuses what is forged, changed, repeated, old, or of an earlier process', async () => {
    await publisher(2).publish(head, null);
    await publisher(1).publish(head, null);
    await publisher(3, ed25519Signer(new Uint8Array(32).fill(2))).publish(head, null);
    const [[body, sig], [earlier, earlierSig], [forged, forgedSig]] = (await bodies()) as [
      [string, string],
      [string, string],
      [string, string],
    ];
    const reader = check();
    expect(reader.accept(forged, forgedSig)).toHaveProperty('refused');
    expect(reader.accept(body.replace('"position":5', '"position":6'), sig)).toHaveProperty('refused');
    expect(reader.accept(body, '[]')).toHaveProperty('refused');
    expect(reader.accept(body, 'nonsense')).toHaveProperty('refused');
    expect(reader.accept(body, sig)).toHaveProperty('entry');
    expect(reader.accept(body, sig)).toEqual({ refused: 'the entry is a repetition' });
    expect(reader.accept(earlier, earlierSig)).toEqual({ refused: 'the entry is a repetition' });
    nowMs += 6_000;
    expect(check().accept(body, sig)).toEqual({ refused: 'the entry is not recent' });
  });

  it('is read from now on, through a kill of Redis', async () => {
    await publisher(1).publish(head, null); // before the reader: not for it
    const seen: ControlVerdict[] = [];
    const reader = new ControlLaneReader({
      blocking: blockingConnection({ url: server.url, name: 'reader' }),
      service: 'iam',
      trusted: signer.publicKeys,
      nowMs: () => nowMs,
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
    await server.kill9();
    const before = seen.length;
    await until(() => seen.length > before + 2);
    await reader.stop();
  });
});
