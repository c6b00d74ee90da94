import { type ErrorCode, limits } from '@concordat/contracts';
import { status as grpcStatus } from '@grpc/grpc-js';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { Writer } from 'protobufjs';
import { type DoorBench, problemOf, startDoorBench } from '../../door.fixture';
import {
  type AskOptions,
  type Fields,
  type GrpcAnswer,
  type GrpcCaller,
  openGrpc,
  refusalOf,
  requestBytes,
} from '../../grpc.fixture';
import { fromProtoValue, toProtoValue } from './proto-values';

// google.protobuf.Value and its parts by hand: what no library would write.
const lengthDelimited = (field: number, bytes: Uint8Array): Uint8Array =>
  Writer.create().uint32((field << 3) | 2).bytes(bytes).finish(); // prettier-ignore
const nothing = Uint8Array.of();
const nullOf = (number: number): Uint8Array => Uint8Array.of(0x08, number);
const numberOf = (number: number): Uint8Array => Writer.create().uint32(0x11).double(number).finish();
const stringOf = (text: string): Uint8Array => lengthDelimited(3, Buffer.from(text));
const listOf = (...values: Uint8Array[]): Uint8Array =>
  lengthDelimited(6, Buffer.concat(values.map((value) => lengthDelimited(1, value))));
const structOf = (...entries: (readonly [string, Uint8Array])[]): Uint8Array =>
  lengthDelimited(
    5,
    Buffer.concat(
      entries.map(([key, value]) =>
        lengthDelimited(1, Buffer.concat([lengthDelimited(1, Buffer.from(key)), lengthDelimited(2, value)])),
      ),
    ),
  );
const prefixOf = (field: number, length: number): Uint8Array =>
  Writer.create()
    .uint32((field << 3) | 2)
    .uint32(length)
    .finish();
/** So many lists, one in the other; made of their prefixes from the inside, since nothing else can be so deep. */
const nested = (depth: number): Uint8Array => {
  const prefixes = [prefixOf(6, 0)];
  let length = prefixes[0]!.length;
  for (let i = 1; i < 2 * depth - 1; i++) {
    const prefix = prefixOf(i % 2 === 1 ? 1 : 6, length);
    prefixes.push(prefix);
    length += prefix.length;
  }
  return Buffer.concat(prefixes.reverse());
};

describe('the gRPC door and hostile messages', () => {
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
  afterEach(async () =>
    expect((await grpc.ask('IdentityService/WhoAmI', {}, admin)).code).toBe(grpcStatus.OK),
  );
  afterAll(async () => {
    grpc.close();
    await doors.stop();
  });

  const send = (payload: Uint8Array): Promise<GrpcAnswer> => {
    const rest = requestBytes('BusService/Publish', { to: doors.agent.did, type: 'EVENT' });
    return grpc.ask('BusService/Publish', Buffer.concat([rest, lengthDelimited(3, payload)]), admin);
  };
  /** Asks again while the stores of a busy machine do not answer in time, as a caller would. */
  const askPatiently = async (method: string, message: Fields, caller: AskOptions): Promise<GrpcAnswer> => {
    const answer = await grpc.ask(method, message, caller);
    return answer.code === grpcStatus.UNAVAILABLE ? askPatiently(method, message, caller) : answer;
  };
  const postPatiently = async (message: unknown, key: string = randomUUID()): Promise<Response> => {
    const headers = { ...admin, 'content-type': 'application/json', 'idempotency-key': key };
    const body = JSON.stringify(message);
    const answer = await fetch(`${doors.gateway.url}/v1/messages`, { method: 'POST', body, headers });
    return answer.status === 503 ? postPatiently(message, key) : answer;
  };
  /** The payload of the first message in the inbox. */
  const receive = async (): Promise<unknown> => {
    const fetched = await askPatiently(
      'BusService/FetchInbox',
      { count: 1, leaseSeconds: 5, waitSeconds: 10 },
      agent,
    );
    expect(fetched).toMatchObject({ code: grpcStatus.OK });
    const { items } = fetched.message as { items: { deliveryToken: string; payload: Fields }[] };
    const acked = await askPatiently('BusService/AckInbox', { tokens: [items[0]!.deliveryToken] }, agent);
    expect(acked).toMatchObject({ code: grpcStatus.OK });
    return fromProtoValue(items[0]!.payload);
  };
  const jsonNested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

  describe('a payload', () => {
    it.each<[string, Uint8Array, unknown]>([
      ['nested as deep as over HTTP', nested(limits.jsonDepth - 1), jsonNested(limits.jsonDepth - 1)],
      ['of an unknown null', nullOf(7), null],
      ['with constructor, which is a key like any other', structOf(['constructor', nullOf(0)]), { constructor: null }], // prettier-ignore
      [
        'with a key twice, where the last one counts',
        structOf(['a', numberOf(1)], ['a', numberOf(2)]),
        { a: 2 },
      ],
      ['of minus zero', numberOf(-0), 0],
      ['of an empty list and an empty struct', listOf(lengthDelimited(6, nothing), lengthDelimited(5, nothing)), [[], {}]], // prettier-ignore
    ])('%s / is taken and received', async (_name, payload, received) => {
      expect((await send(payload)).code).toBe(grpcStatus.OK);
      expect(await receive()).toEqual(received);
    });

    it.each<[string, Uint8Array, ErrorCode]>([
      ['nested deeper than over HTTP', nested(limits.jsonDepth), 'JSON_TOO_DEEP'],
      ['nested deeper than is decoded', nested(120), 'JSON_TOO_DEEP'],
      ['nested a hundred thousand levels', nested(100_000), 'JSON_TOO_DEEP'],
      ['of groups in groups', new Uint8Array(200_000).fill(0x7b), 'JSON_TOO_DEEP'],
      ['that is nothing', nothing, 'JSON_MALFORMED'],
      ['with nothing in a list', listOf(nothing), 'JSON_MALFORMED'],
      ['with nothing under a key', structOf(['a', nothing]), 'JSON_MALFORMED'],
      ['that is two things', Buffer.concat([stringOf('a'), numberOf(1)]), 'JSON_MALFORMED'],
      ['with __proto__', structOf(['__proto__', structOf(['admin', nullOf(0)])]), 'JSON_FORBIDDEN_KEY'],
      ['of NaN', numberOf(Number.NaN), 'JSON_NUMBER_UNSAFE'],
      ['with infinity in a list', listOf(numberOf(Infinity)), 'JSON_NUMBER_UNSAFE'],
      ['with minus infinity under a key', structOf(['a', numberOf(-Infinity)]), 'JSON_NUMBER_UNSAFE'],
      ['of 2^53', numberOf(2 ** 53), 'JSON_NUMBER_UNSAFE'],
      ['that is not UTF-8', lengthDelimited(3, Uint8Array.of(0xc0, 0x80)), 'INPUT_INVALID'],
      ['with half a surrogate pair', lengthDelimited(3, Uint8Array.of(0xed, 0xa0, 0x80)), 'INPUT_INVALID'],
      ['with a key that is not UTF-8', lengthDelimited(5, lengthDelimited(1, lengthDelimited(1, Uint8Array.of(0xff)))), 'INPUT_INVALID'], // prettier-ignore
      ['that is longer as JSON than may be', stringOf('\0'.repeat(200_000)), 'PAYLOAD_TOO_LARGE'],
    ])('%s / is refused', async (_name, payload, code) => {
      refusalOf(await send(payload), code);
    });

    it('that is missing / is refused by its name', async () => {
      const answer = await grpc.ask('BusService/Publish', { to: doors.agent.did, type: 'EVENT' }, admin);
      const { BadRequest } = refusalOf(answer, 'INPUT_INVALID');
      expect(BadRequest!.fieldViolations).toEqual([{ field: '/payload', description: 'must be JSON' }]);
    });

    it('of any JSON / has the same fate as over HTTP', async () => {
      const payloads = fc.oneof(
        fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }),
        fc.constantFrom(
          2 ** 53,
          -(2 ** 53),
          1e21,
          5e-324,
          '\u0000',
          '\ufeff',
          jsonNested(31),
          jsonNested(32),
        ),
      );
      await fc.assert(
        fc.asyncProperty(payloads, async (payload) => {
          const http = await postPatiently({ to: doors.agent.did, type: 'EVENT', payload });
          const message = { to: doors.agent.did, type: 'EVENT', payload: toProtoValue(payload) };
          const once = { ...admin, headers: { 'idempotency-key': randomUUID() } };
          const rpc = await askPatiently('BusService/Publish', message, once);
          if (http.status !== 202) return void refusalOf(rpc, (await problemOf(http)).code as ErrorCode);
          await http.arrayBuffer();
          expect(rpc).toMatchObject({ code: grpcStatus.OK });
          const sent: unknown = JSON.parse(JSON.stringify(payload));
          expect([await receive(), await receive()]).toEqual([sent, sent]);
        }),
        // What failed first leaves messages behind: a smaller example would fail for those.
        { numRuns: 100, endOnFailure: true },
      );
    });
  });

  it.each<[string, string, Fields, ErrorCode]>([
    ['NaN seconds of waiting', 'BusService/FetchInbox', { waitSeconds: Number.NaN }, 'JSON_NUMBER_UNSAFE'],
    ['no messages', 'BusService/FetchInbox', { count: 0 }, 'INPUT_INVALID'],
    ['fewer than no messages', 'BusService/FetchInbox', { count: -1 }, 'INPUT_INVALID'],
    [
      'a size beyond 2^53',
      'AuditService/GetConsistencyProof',
      { from: 2 ** 60, to: 1 },
      'JSON_NUMBER_UNSAFE',
    ],
    ['an empty list of tokens', 'BusService/AckInbox', { tokens: [] }, 'INPUT_INVALID'],
    ['an enum value that there is not', 'BusService/Publish', { type: 'event', payload: { boolValue: true } }, 'INPUT_INVALID'], // prettier-ignore
  ])('%s / are refused', async (_name, method, message, code) => {
    refusalOf(await grpc.ask(method, message, agent), code);
  });

  it('a field that the gateway does not know / is passed over, as protobuf wants', async () => {
    const unknown = lengthDelimited(900, Buffer.from('newer'));
    const answer = await grpc.ask('IdentityService/WhoAmI', unknown, admin);
    expect(answer.message).toMatchObject({ kind: 'apiKey' });
  });

  it('bytes of any kind to any method / are answered, and never with a failure', async () => {
    const methods = ['IdentityService/CreateChallenge', 'IdentityService/RegisterAgent', 'BusService/Publish', 'BusService/AckInbox', 'AuditService/GetConsistencyProof']; // prettier-ignore
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 14 }), fc.uint8Array({ maxLength: 40 })), { maxLength: 6 })
        .map((fields) => Buffer.concat(fields.map(([field, content]) => lengthDelimited(field, content)))), // prettier-ignore
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...methods), bytes, async (method, message) => {
        const answer = await grpc.ask(method, message, agent);
        if (answer.code !== grpcStatus.OK) refusalOf(answer);
        expect([grpcStatus.INTERNAL, grpcStatus.UNKNOWN]).not.toContain(answer.code);
      }),
      { numRuns: 500 },
    );
  });
});
