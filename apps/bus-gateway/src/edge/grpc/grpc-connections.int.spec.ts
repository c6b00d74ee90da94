import { limits } from '@concordat/contracts';
import { eventually } from '@concordat/testing';
import { compressionAlgorithms, type ServiceError, status as grpcStatus } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { connect, type Settings } from 'node:http2';
import { deflateSync, gzipSync } from 'node:zlib';
import { Writer } from 'protobufjs';
import { type DoorBench, openSocket, startDoorBench } from '../../door.fixture';
import { type RunningGateway, startGateway } from '../../gateway.fixture';
import {
  frame,
  type GrpcCaller,
  openGrpc,
  openRaw,
  refusalOf,
  requestBytes,
  shapeOf,
} from '../../grpc.fixture';

const serving = Buffer.from([0x08, 1]);
const notServing = Buffer.from([0x08, 2]);

describe('the gRPC door and its connections', () => {
  let doors: DoorBench;
  let grpc: GrpcCaller;
  let admin: { authorization: string };
  let agent: { authorization: string };
  beforeAll(async () => {
    doors = await startDoorBench();
    grpc = openGrpc(doors.gateway.grpcAddress);
    admin = { authorization: doors.authorization.admin };
    agent = { authorization: doors.authorization.agent };
  });
  // A process that was busy for a second does not believe its directory until the next beat.
  afterEach(() => eventually(async () => expect((await whoami(grpc)).code).toBe(grpcStatus.OK)));
  afterAll(async () => {
    grpc.close();
    await doors.stop();
  });

  const whoami = (from: GrpcCaller) => from.ask('IdentityService/WhoAmI', {}, admin);
  const message = (payload: string) => ({
    ...{ to: doors.agent.did, type: 'EVENT', payload: { stringValue: payload } },
  });
  const bytes = () => requestBytes('BusService/Publish', message('x'));
  const raw = (
    frames: readonly Uint8Array[],
    headers: Readonly<Record<string, string>> = {},
    path?: string,
  ) => {
    const { path: publish } = shapeOf('BusService/Publish');
    const call = openRaw(doors.gateway.grpcAddress, path ?? publish, { ...admin, ...headers });
    for (const part of frames) call.stream.write(part);
    call.stream.end();
    return call.answer;
  };
  const same = (value: Buffer): Buffer => value;
  const check = (from: GrpcCaller, service: string): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const { path, requestSerialize } = healthService['Check']!;
      const take = (error: ServiceError | null, status?: Buffer) =>
        error ? reject(error) : resolve(status!);
      from.client.makeUnaryRequest(path, same, same, requestSerialize({ service }), take);
    });
  const watch = (from: GrpcCaller, service: string) => {
    const { path, requestSerialize } = healthService['Watch']!;
    const stream = from.client.makeServerStreamRequest(path, same, same, requestSerialize({ service }));
    const found: Buffer[] = [];
    stream.on('data', (status: Buffer) => found.push(status));
    const end = new Promise<void>((resolve) => stream.on('error', () => resolve()));
    return { found, end, first: new Promise((resolve) => stream.once('data', resolve)) };
  };

  it('a message larger than may be / is refused, and others on its connection go on', async () => {
    const waiting = grpc.ask('BusService/FetchInbox', { waitSeconds: 30 }, agent);
    // In a field that the gateway does not know: refused for its size, not for what it says.
    const unknown = Writer.create()
      .uint32((900 << 3) | 2)
      .bytes(Buffer.alloc(limits.jsonBytes))
      .finish();
    const tooLarge = await grpc.ask('IdentityService/WhoAmI', unknown, admin);
    expect(tooLarge.code).toBe(grpcStatus.RESOURCE_EXHAUSTED);
    const large = message('x'.repeat(limits.jsonBytes - 1_000));
    expect((await grpc.ask('BusService/Publish', large, admin)).code).toBe(grpcStatus.OK);
    expect((await waiting).message).toMatchObject({ items: [{ payload: large.payload }] });
  });

  it('more faults than an answer has room for / are named as far as they fit', async () => {
    const tokens = Array.from({ length: limits.inboxFetchItems }, () => '!'.repeat(200));
    const answer = await grpc.ask('BusService/AckInbox', { tokens }, agent);
    const { fieldViolations } = refusalOf(answer, 'INPUT_INVALID').BadRequest!;
    expect(fieldViolations[0]!.field).toBe('/tokens/0');
    expect(fieldViolations.length).toBeGreaterThan(10);
    // As HTTP/2 counts (RFC 9113 §6.5.2), with the status and the text of the error.
    const fields = Object.entries({ ...answer.trailer.toHttp2Headers(), 'grpc-message': answer.details });
    const size = fields.reduce((sum, [name, value]) => sum + name.length + String(value).length + 32, 64);
    expect(size).toBeLessThan(8_192);
  });

  it.each<[string, () => Promise<Awaited<ReturnType<typeof raw>>>, number]>([
    ['as it should be', () => raw([frame(bytes())]), grpcStatus.OK],
    [
      'compressed',
      () => raw([frame(gzipSync(bytes()), { isCompressed: true })], { 'grpc-encoding': 'gzip' }),
      grpcStatus.OK,
    ],
    [
      'compressed by deflate',
      () => raw([frame(deflateSync(bytes()), { isCompressed: true })], { 'grpc-encoding': 'deflate' }),
      grpcStatus.OK,
    ],
    [
      'compressed and cut off',
      () =>
        raw([frame(gzipSync(bytes()).subarray(0, -3), { isCompressed: true })], { 'grpc-encoding': 'gzip' }),
      grpcStatus.INVALID_ARGUMENT,
    ],
    [
      'that unfolds into more than may be',
      () =>
        raw([frame(gzipSync(Buffer.alloc(64_000_000)), { isCompressed: true })], { 'grpc-encoding': 'gzip' }),
      grpcStatus.RESOURCE_EXHAUSTED,
    ],
    [
      'in an encoding that nobody knows',
      () => raw([frame(bytes(), { isCompressed: true })], { 'grpc-encoding': 'x' }),
      grpcStatus.UNIMPLEMENTED,
    ],
    [
      'said to be four gibibytes long',
      () => raw([frame(bytes(), { length: 0xffff_ffff })]),
      grpcStatus.RESOURCE_EXHAUSTED,
    ],
    [
      'that ends too early',
      () => raw([frame(bytes(), { length: bytes().length + 1 })]),
      grpcStatus.UNIMPLEMENTED,
    ],
    ['that does not come', () => raw([]), grpcStatus.UNIMPLEMENTED],
    ['that comes twice', () => raw([frame(bytes()), frame(bytes())]), grpcStatus.UNIMPLEMENTED],
    [
      'for a method that there is not',
      () => raw([frame(bytes())], {}, '/concordat.v1.BusService/Nothing'),
      grpcStatus.UNIMPLEMENTED,
    ],
    [
      'for a path that is inherited',
      () => raw([frame(bytes())], {}, '/constructor'),
      grpcStatus.UNIMPLEMENTED,
    ],
  ])('a message %s / has the status that gRPC gives it', async (_name, send, status) => {
    expect((await send())['grpc-status']).toBe(String(status));
  });

  it('a client that compresses / is served, its calls and its streams, and answered as it is', async () => {
    const options = { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip };
    const packing = openGrpc(doors.gateway.grpcAddress, options);
    const large = message('x'.repeat(100_000));
    expect((await packing.ask('BusService/Publish', large, admin)).code).toBe(grpcStatus.OK);
    const found = await packing.ask('BusService/FetchInbox', {}, agent);
    // Beside what was sent before.
    const { items } = found.message as { items: { payload: unknown }[] };
    expect(items.map(({ payload }) => payload)).toContainEqual(large.payload);
    const bomb = message('x'.repeat(2_000_000));
    refusalOf(await packing.ask('BusService/Publish', bomb, admin), 'PAYLOAD_TOO_LARGE');
    packing.close();
  });

  it.each(['CreateChallenge', 'CreateToken', 'Login', 'RefreshSession'])(
    'anybody who calls %s / is not unpacked, nor read when he sends much',
    async (name) => {
      const method = `IdentityService/${name}`;
      const options = { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip };
      const packing = openGrpc(doors.gateway.grpcAddress, options);
      const { message: told } = refusalOf(await packing.ask(method, {}), 'CONTENT_CODING_UNSUPPORTED');
      expect(told).toContain('as it is');
      packing.close();
      // Of the first field, in parts that are no text: to be read it would be refused.
      const content = (bytes: number): Buffer => Buffer.alloc(bytes, Buffer.from([0x0a, 1, 0xff]));
      refusalOf(await grpc.ask(method, content(limits.strangerBytes)), 'INPUT_INVALID');
      refusalOf(await grpc.ask(method, content(limits.strangerBytes + 1)), 'PAYLOAD_TOO_LARGE');
    },
  );

  it('strangers whose messages unfold / take no more memory than what they send', async () => {
    const { path } = shapeOf('BusService/Publish');
    const bomb = frame(gzipSync(Buffer.alloc(limits.jsonBytes)), { isCompressed: true });
    const before = process.memoryUsage().arrayBuffers;
    const calls = Array.from({ length: 100 }, () =>
      openRaw(doors.gateway.grpcAddress, path, { 'grpc-encoding': 'gzip' }),
    );
    // Never ended, they would be held for as long as their senders like.
    for (const { stream } of calls) stream.write(Buffer.concat([bomb, bomb, bomb]));
    for (let round = 0; round < 5; round++) expect((await whoami(grpc)).code).toBe(grpcStatus.OK);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * limits.jsonBytes);
    for (const call of calls) call.destroy();
  });

  it('a request that is not gRPC / is refused by its media type', async () => {
    expect((await raw([], { 'content-type': 'application/json' }))[':status']).toBe(415);
  });

  it('metadata beyond what a server reads / is refused, and other calls go on', async () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x-${i}`, 'x']));
    for (const headers of [{ x: 'x'.repeat(500_000) }, many])
      expect((await grpc.ask('IdentityService/WhoAmI', {}, { ...admin, headers })).code).not.toBe(
        grpcStatus.OK,
      );
  });

  it('a connection / carries so many calls at once, and keeps the rest waiting', async () => {
    const session = connect(`http://${doors.gateway.grpcAddress}`);
    const settings = await new Promise<Settings>((resolve) => session.once('remoteSettings', resolve));
    session.close();
    expect(settings.maxConcurrentStreams).toBe(500);
    const answers = await Promise.all(Array.from({ length: 1_200 }, () => check(grpc, '')));
    expect(answers.every((status) => status.equals(serving))).toBe(true);
  });

  it.each(['', 'concordat.v1.BusService', 'concordat.v1.VaultService'])(
    'the health of "%s" / is that it serves',
    async (service) => expect(await check(grpc, service)).toEqual(serving),
  );

  describe('a gateway that stops', () => {
    let gateway: RunningGateway;
    let caller: GrpcCaller;
    beforeEach(async () => {
      gateway = await startGateway(doors.bench, 'bus-2');
      caller = openGrpc(gateway.grpcAddress);
      await gateway.whenFresh();
    });
    afterEach(() => caller.close());

    it('with calls that wait / answers them first', async () => {
      const fetch = () => caller.ask('BusService/FetchInbox', { waitSeconds: 30 }, agent);
      const waiting = [fetch(), fetch()];
      expect((await whoami(caller)).code).toBe(grpcStatus.OK);
      await gateway.stop();
      for (const answer of waiting) expect(await answer).toMatchObject({ code: grpcStatus.OK, message: {} });
      expect((await whoami(caller)).code).toBe(grpcStatus.UNAVAILABLE);
    });

    it('with watchers, and clients that read nothing / says so to the first, and waits for none', async () => {
      const silent = await openSocket(`http://${gateway.grpcAddress}`);
      const { found, first, end } = watch(caller, 'concordat.v1.BusService');
      await first;
      await gateway.stop();
      await end;
      expect(found).toEqual([serving, notServing]);
      silent.destroy();
    }, 30_000);
  });
});
