import { startTelemetry } from '@concordat/runtime';
import { eventually, newAgent } from '@concordat/testing';
import { type ClientUnaryCall, status as grpcStatus } from '@grpc/grpc-js';
import { Doorbell } from '../../bus/doorbell';
import { type DoorBench, startDoorBench } from '../../door.fixture';
import {
  type AskOptions,
  type Fields,
  frame,
  type GrpcCaller,
  openGrpc,
  openRaw,
  refusalOf,
  requestBytes,
  shapeOf,
} from '../../grpc.fixture';
import { loadRoot, loadServices } from './grpc-protos';

const endTelemetry = startTelemetry({
  ...{ serviceName: 'bus', instance: 'bus-1', endpoint: undefined, sampleRatio: 0 },
});

const methods = loadServices(loadRoot()).flatMap((service) =>
  service.methods
    .filter(({ isStream }) => !isStream)
    .map(({ name, operation }) => ({
      method: `${service.name.replace('concordat.v1.', '')}/${name}`,
      operation,
    })),
);

describe('the gRPC door', () => {
  let doors: DoorBench;
  let grpc: GrpcCaller;
  let agent: { authorization: string };
  let admin: { authorization: string };
  beforeAll(async () => {
    doors = await startDoorBench();
    grpc = openGrpc(doors.gateway.grpcAddress);
    agent = { authorization: doors.authorization.agent };
    admin = { authorization: doors.authorization.admin };
  });
  afterAll(async () => {
    grpc.close();
    await doors.stop();
    await endTelemetry();
  });

  const text = (payload: string): Fields => ({ stringValue: payload });
  const message = (payload: string, over: Fields = {}): Fields => ({
    ...{ to: doors.agent.did, type: 'EVENT', payload: text(payload), ...over },
  });

  describe.each(methods)('$method', ({ method, operation }) => {
    it('without a credential / is refused, for the credential or for what is missing', async () => {
      const answer = await grpc.ask(method, {});
      expect(answer.trailer.get('traceparent')).toEqual([
        expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/),
      ]);
      if (operation.caller !== 'none') refusalOf(answer, 'CREDENTIAL_MISSING');
      else refusalOf(answer, operation.input.safeParse({}).success ? 'NOT_FOUND' : 'INPUT_INVALID');
    });

    it('with a credential that is none / is refused when it needs one, and never fails', async () => {
      const answer = await grpc.ask(method, {}, { authorization: doors.authorization.garbage });
      if (operation.caller !== 'none') refusalOf(answer, 'CREDENTIAL_INVALID');
      else refusalOf(answer, operation.input.safeParse({}).success ? 'NOT_FOUND' : 'INPUT_INVALID');
    });

    it('with an agent where an administrator is needed, or a key where an agent is / is refused, and never fails', async () => {
      const answers = [await grpc.ask(method, {}, agent), await grpc.ask(method, {}, admin)] as const;
      if (operation.scope === 'admin') refusalOf(answers[0], 'SCOPE_MISSING');
      if (operation.caller === 'agent') refusalOf(answers[1], 'AGENT_REQUIRED');
      for (const answer of answers) if (answer.code !== grpcStatus.OK) refusalOf(answer);
      for (const { code } of answers) expect([grpcStatus.INTERNAL, grpcStatus.UNKNOWN]).not.toContain(code);
    });

    it('with a key that has no scope for it / is refused when it needs one', async () => {
      const unneeded = operation.scope === 'governance' ? 'workflows' : 'governance';
      const { authorization } = await doors.iam.createApiKey([unneeded]);
      const answer = await grpc.ask(method, {}, { authorization });
      if (operation.caller === 'agent') return void refusalOf(answer, 'AGENT_REQUIRED');
      if (operation.scope !== undefined) refusalOf(answer, 'SCOPE_MISSING');
    });
  });

  it('an agent that does the handshake / gets a token, sends, receives and acknowledges', async () => {
    const { agent: who, iam } = doors;
    const asked = await grpc.ask('IdentityService/CreateChallenge', { did: who.did });
    const { challengeId, challenge } = asked.message as { challengeId: string; challenge: string };
    const token = await grpc.ask('IdentityService/CreateToken', {
      challengeId,
      signature: who.sign(challenge),
    });
    expect(token.trailer.get('concordat-position')).toEqual([`iam:${iam.head.epoch}-${iam.head.position}`]);
    const { accessToken, tokenType } = token.message as { accessToken: string; tokenType: string };
    const bearer = { authorization: `${tokenType} ${accessToken}` };
    const whoami = await grpc.ask('IdentityService/WhoAmI', {}, bearer);
    expect(whoami.message).toEqual({
      kind: 'agent',
      tenant: 'default',
      id: who.did,
      scopes: ['read', 'write'],
    });

    const payload = {
      structValue: { fields: { a: { listValue: { values: [{ numberValue: 1.5 }, { nullValue: 0 }] } } } },
    };
    const sent = await grpc.ask('BusService/Publish', message('', { payload, correlationId: 'c-1' }), bearer);
    expect(sent.trailer.get('concordat-position')).toEqual([expect.stringMatching(/^bus\.[01]:\d+-\d+$/)]);
    const { id } = sent.message as { id: string };
    expect(sent.message).toEqual({ id, status: 'PENDING', durability: 'appendfsync-always' });
    const received = await grpc.ask('BusService/FetchInbox', { count: 5, waitSeconds: 5 }, bearer);
    const { items } = received.message as { items: (Fields & { deliveryToken: string })[] };
    expect(items).toMatchObject([{ id, payload, attempt: 1, leaseSeconds: 30, correlationId: 'c-1' }]);
    expect(items[0]).not.toHaveProperty('expiresAt');
    const acked = await grpc.ask('BusService/AckInbox', { tokens: [items[0]!.deliveryToken] }, bearer);
    expect([acked.code, acked.message]).toEqual([grpcStatus.OK, { acked: [id] }]);
    const stale = await grpc.ask('BusService/AckInbox', { tokens: [`${id}.stale`] }, bearer);
    expect(refusalOf(stale, 'DELIVERY_TOKEN_STALE').BadRequest).toEqual({
      fieldViolations: [{ field: '/tokens/0', description: 'is stale' }],
    });
    const status = await grpc.ask('BusService/GetMessage', { id }, bearer);
    expect(status.message).toMatchObject({ id, status: 'DELIVERED', attempts: 1, correlationId: 'c-1' });
  });

  it('a repeated request / is answered alike, and another one under its key refused', async () => {
    const send = (payload: string, key: string) =>
      grpc.ask('BusService/Publish', message(payload), { ...admin, headers: { 'idempotency-key': key } });
    const [first, second] = [await send('1', 'k,1'), await send('1', 'k,1')];
    expect([first.code, second.message]).toEqual([grpcStatus.OK, first.message]);
    refusalOf(await send('2', 'k,1'), 'IDEMPOTENCY_KEY_REUSED');
    expect((await send('2', 'k,2')).message).not.toEqual(first.message);
    const { BadRequest } = refusalOf(await send('1', 'two words'), 'INPUT_INVALID');
    expect(BadRequest!.fieldViolations[0]!.field).toBe('Idempotency-Key');
  });

  it('positions and a conversation in the metadata / reach the service, and are refused when malformed', async () => {
    const { head } = doors.iam;
    const did = newAgent().did;
    const get = (headers: Record<string, string>) =>
      grpc.ask('IdentityService/GetAgent', { did }, { ...admin, headers });
    const minPosition = `iam:${head.epoch}-${head.position},vault:1-2`;
    refusalOf(
      await get({ 'concordat-min-position': minPosition, 'concordat-correlation-id': 'c-7' }),
      'NOT_FOUND',
    );
    expect(doors.iam.asked.at(-1)).toMatchObject({
      ...{ operation: 'agent.get', input: { did }, conversation: 'c-7' },
      minPosition: { iam: head, vault: { epoch: 1, position: 2 } },
    });
    for (const [name, value] of [
      ['concordat-min-position', 'nonsense'],
      ['concordat-correlation-id', 'two words'],
    ] as const) {
      const { BadRequest } = refusalOf(await get({ [name]: value }), 'INPUT_INVALID');
      expect(BadRequest!.fieldViolations[0]!.field.toLowerCase()).toBe(name);
    }
    const future = `iam:${head.epoch}-${head.position + 1_000}`;
    const { RetryInfo } = refusalOf(await get({ 'concordat-min-position': future }), 'POSITION_NOT_REACHED');
    expect(RetryInfo).toEqual({ retryDelay: { seconds: 1, nanos: 0 } });
  });

  it('a traceparent / is continued in the answer and in the details of an error', async () => {
    const traceId = 'ab'.repeat(16);
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const answer = await grpc.ask('IdentityService/WhoAmI', {}, { headers });
    expect(refusalOf(answer, 'CREDENTIAL_MISSING').ErrorInfo!.metadata['traceId']).toBe(traceId);
    expect(answer.trailer.get('traceparent')[0]).toContain(traceId);
    const served = await grpc.ask('IdentityService/WhoAmI', {}, { ...agent, headers });
    expect(served.trailer.get('traceparent')[0]).toContain(traceId);
  });

  describe('a call that waits at an empty inbox', () => {
    /** Lets an agent of its own wait. @returns what it is told, once it waits; `isFree` resolves when it no longer does */
    const waitingAtInbox = async <T>(fetch: (authorization: string) => T) => {
      const who = newAgent();
      await doors.iam.register(who);
      const authorization = await doors.iam.bearer(who.did);
      const listen = jest.spyOn(doors.gateway.app.get(Doorbell), 'listen');
      const call = fetch(authorization);
      const bell = await eventually(() => listen.mock.results[0]!.value as ReturnType<Doorbell['listen']>);
      listen.mockRestore();
      const end = jest.spyOn(bell, 'end');
      const isFree = () => eventually(() => expect(end).toHaveBeenCalledTimes(1));
      return { did: who.did, authorization, call, isFree };
    };
    const wait = (authorization: string, options: AskOptions = {}) =>
      grpc.ask('BusService/FetchInbox', { waitSeconds: 30 }, { authorization, ...options });

    it('that is cancelled / waits no more, and takes nothing with it', async () => {
      let underWay: ClientUnaryCall | undefined;
      const onCall = (one: ClientUnaryCall): void => void (underWay = one);
      const { did, authorization, call, isFree } = await waitingAtInbox((who) => wait(who, { onCall }));
      underWay!.cancel();
      expect((await call).code).toBe(grpcStatus.CANCELLED);
      await isFree();
      await grpc.ask('BusService/Publish', message('late', { to: did }), admin);
      const { message: found } = await grpc.ask('BusService/FetchInbox', {}, { authorization });
      expect(found).toMatchObject({ items: [{ payload: text('late'), attempt: 1 }] });
    });

    it('whose deadline passes / waits no more', async () => {
      const deadline = new Date(Date.now() + 2_000);
      const { call, isFree } = await waitingAtInbox((who) => wait(who, { deadline }));
      expect((await call).code).toBe(grpcStatus.DEADLINE_EXCEEDED);
      await isFree();
    });

    it('whose connection breaks / waits no more', async () => {
      const { call, isFree } = await waitingAtInbox((authorization) => {
        const { path } = shapeOf('BusService/FetchInbox');
        const raw = openRaw(doors.gateway.grpcAddress, path, { authorization });
        raw.stream.end(frame(requestBytes('BusService/FetchInbox', { waitSeconds: 30 })));
        return raw;
      });
      call.destroy();
      await isFree();
    });

    it('when a message comes / has it', async () => {
      const { did, call } = await waitingAtInbox((who) => wait(who));
      await grpc.ask('BusService/Publish', message('now', { to: did }), admin);
      expect((await call).message).toMatchObject({ items: [{ payload: text('now') }] });
    });
  });
});
