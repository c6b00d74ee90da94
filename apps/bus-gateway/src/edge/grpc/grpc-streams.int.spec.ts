import { limits } from '@concordat/contracts';
import { eventually } from '@concordat/testing';
import { promisify } from 'node:util';
import { gunzip, gzipSync } from 'node:zlib';
import { type DoorBench, startDoorBench } from '../../door.fixture';
import { type Fields, frame, openRaw, shapeOf } from '../../grpc.fixture';
import { openStreamCall } from '../../subscriber.fixture';
import { OperationRouter } from '../operation-router';
import { OpenStreams } from '../open-streams';

describe('streams of calls over gRPC', () => {
  let doors: DoorBench;
  beforeAll(async () => (doors = await startDoorBench()));
  beforeEach(() => doors.gateway.whenFresh());
  afterEach(() => eventually(() => expect(doors.gateway.app.get(OpenStreams).size).toBe(0)));
  afterAll(() => doors.stop());

  const text = (payload: string): Fields => ({ stringValue: payload });
  const message = (payload: string, over: Fields = {}): Fields => ({
    ...{ to: doors.agent.did, type: 'EVENT', payload: text(payload), ...over },
  });
  const open = (method: string, authorization = doors.authorization.agent) => {
    const { call, ended } = openStreamCall(doors.gateway, `BusService/${method}`, authorization);
    const answers: Fields[] = [];
    call.on('data', (answer: Fields) => answers.push(answer));
    return { call, ended, answers };
  };
  const bySequence = (answers: readonly Fields[]) =>
    [...answers].sort((a, b) => Number(a['sequence']) - Number(b['sequence']));

  it('a thousand messages, more than may be under way / are all published, once, and answered by their numbers', async () => {
    const { call, ended, answers } = open('PublishStream');
    for (let sequence = 1; sequence <= 1_000; sequence++)
      call.write({
        sequence,
        idempotencyKey: `p-${sequence % 900}`,
        request: message(String(sequence % 900)),
      });
    call.end();
    expect(await ended).toBeUndefined();
    const sorted = bySequence(answers);
    expect(sorted.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 1));
    const ids = sorted.map(({ response }) => (response as { id: string }).id);
    expect(new Set(ids).size).toBe(900);
    expect(sorted[0]).toMatchObject({
      response: { status: 'PENDING', durability: 'appendfsync-always' },
      position: expect.stringMatching(/^bus\.[01]:\d+-\d+$/) as string,
    });
    const acks = open('AckStream');
    const inbox = open('Subscribe');
    let sequence = 0;
    inbox.call.on('data', ({ deliveryToken }: { deliveryToken: string }) =>
      acks.call.write({ sequence: ++sequence, request: { tokens: [deliveryToken] } }),
    );
    inbox.call.write({ credits: 8 });
    inbox.call.write({ credits: 300 });
    await eventually(() => expect(acks.answers).toHaveLength(900), 60_000);
    inbox.call.cancel();
    acks.call.end();
    expect(await acks.ended).toBeUndefined();
    const acked = acks.answers.flatMap(({ response }) => (response as { acked: string[] }).acked);
    expect(new Set(acked)).toEqual(new Set(ids));
  });

  it('small messages that unfold into large ones / are read as long as four mebibytes are under way', async () => {
    const { path, requestSerialize } = shapeOf('BusService/PublishStream');
    const router = doors.gateway.app.get(OperationRouter);
    const route = router.route.bind(router);
    let underWay = 0;
    let most = 0;
    let letGo!: () => void;
    const released = new Promise<void>((resolve) => (letGo = resolve));
    const watched = jest.spyOn(router, 'route').mockImplementation(async (request) => {
      most = Math.max(most, ++underWay);
      await released;
      return route(request).finally(() => underWay--);
    });
    const large = requestSerialize({ sequence: 1, request: message('x'.repeat(limits.jsonBytes - 1_000)) });
    const packed = frame(gzipSync(large), { isCompressed: true });
    const headers = { authorization: doors.authorization.agent, 'grpc-encoding': 'gzip' };
    const raw = openRaw(doors.gateway.grpcAddress, path, headers);
    raw.stream.end(Buffer.concat(Array.from({ length: 12 }, () => packed)));
    await eventually(() => expect(underWay).toBe(4));
    // In the time of this the gateway would have unpacked the others too.
    for (let round = 0; round < 24; round++) await promisify(gunzip)(packed.subarray(5));
    expect(underWay).toBe(4);
    letGo();
    expect((await raw.answer)['grpc-status']).toBe('0');
    expect(watched).toHaveBeenCalledTimes(12);
    expect([most, underWay]).toEqual([4, 0]);
    watched.mockRestore();
  });

  it('a call that is refused / is told with its number, and the stream goes on', async () => {
    const { call, ended, answers } = open('PublishStream');
    call.write({ sequence: 1, request: message('x', { type: 'nonsense' }) });
    call.write({ sequence: 2 });
    call.write({ sequence: 3, idempotencyKey: 'two words', request: message('x') });
    call.write({ sequence: 4, request: message('x') });
    call.end();
    expect(await ended).toBeUndefined();
    const [first, second, third, fourth] = bySequence(answers);
    expect(first!['problem']).toMatchObject({
      ...{ status: 3, code: 'INPUT_INVALID', fix: expect.stringMatching(/./) as string },
      errors: [{ pointer: '/type', message: expect.stringMatching(/./) as string }],
    });
    expect(second!['problem']).toMatchObject({ code: 'INPUT_INVALID' });
    expect(third!['problem']).toMatchObject({ errors: [{ pointer: 'Idempotency-Key' }] });
    expect(fourth).toMatchObject({ response: { status: 'PENDING' } });
    expect(fourth).not.toHaveProperty('problem');
  });

  it.each([
    ['PublishStream', 'garbage', 'CREDENTIAL_INVALID'],
    ['AckStream', 'garbage', 'CREDENTIAL_INVALID'],
    ['AckStream', 'admin', 'AGENT_REQUIRED'],
  ] as const)('%s with a credential of %s / is refused as a whole', async (method, who, code) => {
    const { call, ended } = open(method, doors.authorization[who]);
    call.write({ sequence: 1 });
    expect(await ended).toBe(code);
  });

  it('a sender that is revoked / sends no more, and the stream ends', async () => {
    const { authorization, id } = await doors.iam.createApiKey(['write']);
    const { call, ended, answers } = open('PublishStream', authorization);
    call.write({ sequence: 1, request: message('x') });
    await eventually(() => expect(answers).toHaveLength(1));
    await doors.iam.revokeApiKey(id);
    expect(await ended).toBe('CREDENTIAL_INVALID');
  });

  it.each([
    ['PublishStream', Buffer.from([0x0a, 0xff])],
    ['Subscribe', Buffer.from([0x08])],
  ])('bytes that are no message of %s / end it', async (method, bytes) => {
    const { path } = shapeOf(`BusService/${method}`);
    const raw = openRaw(doors.gateway.grpcAddress, path, { authorization: doors.authorization.agent });
    raw.stream.end(frame(bytes));
    expect((await raw.answer)['grpc-status']).toBe('3');
  });

  it('a subscription that asks for nothing, or grants less than nothing / is refused', async () => {
    const empty = open('Subscribe');
    empty.call.end();
    expect(await empty.ended).toBe('INPUT_INVALID');
    const negative = open('Subscribe');
    negative.call.write({ credits: 1 });
    negative.call.write({ credits: -1 });
    expect(await negative.ended).toBe('INPUT_INVALID');
    const tooMany = open('Subscribe');
    tooMany.call.write({ credits: 1_001 });
    expect(await tooMany.ended).toBe('INPUT_INVALID');
  });

  it('a subscription whose client has closed its side / goes on', async () => {
    const { call, answers } = open('Subscribe');
    call.write({});
    call.end();
    const sender = open('PublishStream');
    sender.call.write({ sequence: 1, request: message('late') });
    sender.call.end();
    await eventually(() => expect(answers.map(({ payload }) => payload)).toContainEqual(text('late')));
    call.cancel();
  });
});
