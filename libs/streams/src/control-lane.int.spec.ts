import { ed25519Signer } from '@concordat/crypto';
import { startRedis } from '@concordat/processes';
import type Redis from 'ioredis';
import { commandNode } from './node-connection';
import { whenReady } from './redis-connection';
import { ControlLaneCheck, ControlLanePublisher } from './control-lane';
import { describeControlLane } from './control-lane.conformance';
import { streamKeys } from './keys';

const signer = ed25519Signer(new Uint8Array(32).fill(1));
const head = { epoch: 1, position: 5 };

describe('with a real Redis', () => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  let redis: Redis;
  let nowMs = 1_000_000;

  beforeAll(async () => {
    server = await startRedis({ flavour: 'volatile' });
    redis = commandNode({ url: server.url, name: 'test' });
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

  describeControlLane(
    'Redis',
    () => server.url,
    () => server.kill9(),
  );

  it('the control lane / refuses what is forged, changed, repeated, old, or of an earlier process', async () => {
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

  it('keeps fewer of what is large, so that policies do not fill the memory of that Redis', async () => {
    const lane = publisher();
    const data = { policy: 'x'.repeat(8_192) };
    const large = { at: head, tenant: 't1', type: 'concordat.iam.policy.published.v1', data };
    for (let n = 0; n < 700; n++) void lane.publish(head, large);
    await lane.publish(head, large);
    // Trimmed by whole nodes of the stream, which hold few large entries.
    expect(await redis.xlen(streamKeys.control('iam'))).toBeLessThan(520);
  });
});
