import type { Problem } from '@concordat/contracts';
import { type ClientDuplexStream, Metadata, type StatusObject } from '@grpc/grpc-js';
import WebSocket from 'ws';
import { openSocket } from './door.fixture';
import type { RunningGateway } from './gateway.fixture';
import { decodeStatus, type Fields, openGrpc, shapeOf } from './grpc.fixture';

export interface Received {
  readonly id: string;
  readonly deliveryToken: string;
  readonly attempt: number;
}

/** A subscription to an inbox, whatever the door: for specs only. */
export interface Subscriber {
  /** What came, in its order. */
  readonly items: Received[];
  /** Resolves when it has ended: with the code of the error that was told, if one was. */
  readonly ended: Promise<string | undefined>;
  grant(credits: number): void;
  close(): void;
}

export interface SubscribeInput {
  readonly credits?: number;
  readonly leaseSeconds?: number;
}

type Open = (gateway: RunningGateway, authorization: string, input?: SubscribeInput) => Promise<Subscriber>;

/** Resolves when the gateway has let it in. @throws Error with the code of the refusal */
const openSse: Open = async ({ url }, authorization, input = {}) => {
  const query = new URLSearchParams(
    Object.entries(input).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const gone = new AbortController();
  const answer = await fetch(`${url}/v1/inbox/stream?${query.toString()}`, {
    headers: { authorization, accept: 'text/event-stream' },
    signal: gone.signal,
  });
  if (answer.status !== 200) throw new Error(((await answer.json()) as Problem).code);
  const items: Received[] = [];
  let code: string | undefined;
  const read = async (): Promise<string | undefined> => {
    for await (const { event, data } of eventsOf(answer.body!)) {
      if (event === 'item') items.push(JSON.parse(data) as Received);
      if (event === 'error') code = (JSON.parse(data) as Problem).code;
    }
    return code;
  };
  return {
    items,
    ended: read().catch(() => code),
    grant: () => undefined,
    close: () => gone.abort(),
  };
};

/** Server-sent events, as the HTML Standard reads them. */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<{ event: string; data: string; id: string | undefined }> {
  let rest = '';
  for await (const part of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + part).split('\n\n');
    rest = blocks.pop()!;
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]),
      );
      const event = fields.get('event');
      if (event !== undefined) yield { event, data: fields.get('data') ?? '', id: fields.get('id') };
    }
  }
}

/** A WebSocket that speaks our subprotocol. */
export const newWebSocket = (
  url: string,
  headers: Readonly<Record<string, string>>,
  path = '/v1/ws',
  protocols: string | string[] = 'concordat.v1',
): WebSocket => new WebSocket(url.replace('http', 'ws') + path, protocols, { headers });

/** @throws Error with the code of the refusal */
export async function openWebSocket(
  { url }: RunningGateway,
  headers: Readonly<Record<string, string>>,
): Promise<WebSocket> {
  const socket = newWebSocket(url, headers);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        const { code } = JSON.parse(Buffer.concat(parts).toString()) as Problem;
        reject(new Error(code));
      });
    });
  });
  socket.on('error', () => undefined);
  return socket;
}

export interface ServerFrame {
  readonly id?: string;
  readonly output?: unknown;
  readonly position?: string;
  readonly open?: true;
  readonly item?: Received;
  readonly end?: true;
  readonly problem?: Problem;
}

const openWs: Open = async (gateway, authorization, input = {}) => {
  const socket = await openWebSocket(gateway, { authorization });
  const items: Received[] = [];
  let code: string | undefined;
  let isIn: () => void;
  const opened = new Promise<undefined>((resolve) => (isIn = () => resolve(undefined)));
  const ended = new Promise<string | undefined>((resolve) => {
    socket.on('message', (data: Buffer) => {
      const { item, problem, end, open } = JSON.parse(data.toString()) as ServerFrame;
      if (open) isIn();
      if (item) items.push(item);
      code ??= problem?.code;
      if (end || problem) socket.close();
    });
    socket.on('close', () => resolve(code));
  });
  socket.send(JSON.stringify({ id: 's', operation: 'inbox.subscribe', input }));
  const refusal = await Promise.race([opened, ended]);
  if (refusal !== undefined) throw new Error(refusal);
  const grant = (credits: number): void => socket.send(JSON.stringify({ id: 's', credits }));
  return { items, ended, grant, close: () => socket.terminate() };
};

/** A call of a streaming method. */
export function openStreamCall(gateway: RunningGateway, method: string, authorization?: string) {
  const { client, close } = openGrpc(gateway.grpcAddress);
  const { path, requestSerialize, responseDeserialize } = shapeOf(method);
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set('authorization', authorization);
  const call: ClientDuplexStream<Fields, Fields> = client.makeBidiStreamRequest(
    ...[path, requestSerialize, responseDeserialize, metadata],
  );
  call.on('error', () => undefined);
  const ended = new Promise<string | undefined>((resolve) => {
    call.on('status', ({ metadata: trailer }: StatusObject) => {
      const [packed] = trailer.get('grpc-status-details-bin') as Buffer[];
      resolve(packed && decodeStatus(packed).ErrorInfo!.reason);
      close();
    });
  });
  return { call, ended, close };
}

const openGrpcStream: Open = async (gateway, authorization, input = {}) => {
  const { call, ended } = openStreamCall(gateway, 'BusService/Subscribe', authorization);
  const items: Received[] = [];
  call.on('data', (item: Received) => items.push(item));
  const isIn = new Promise<undefined>((resolve) => call.once('metadata', () => resolve(undefined)));
  call.write(input as Fields);
  const code = await Promise.race([isIn, ended]);
  if (code !== undefined) throw new Error(code);
  return { items, ended, grant: (credits) => call.write({ credits }), close: () => call.cancel() };
};

/** Subscribes, and never reads. @returns how to close it */
type OpenSilent = (gateway: RunningGateway, authorization: string) => Promise<() => void>;

const openSilentSse: OpenSilent = async ({ url }, authorization) => {
  const socket = await openSocket(url);
  socket.pause();
  socket.write(`GET /v1/inbox/stream HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\n\r\n`);
  return () => socket.destroy();
};

const openSilentWs: OpenSilent = async (gateway, authorization) => {
  const socket = await openWebSocket(gateway, { authorization });
  socket.send(JSON.stringify({ id: 's', operation: 'inbox.subscribe' }));
  socket.pause();
  return () => socket.terminate();
};

const openSilentGrpc: OpenSilent = (gateway, authorization) => {
  const { call, close } = openStreamCall(gateway, 'BusService/Subscribe', authorization);
  call.write({});
  return Promise.resolve(() => {
    call.cancel();
    // What is not read does not end.
    close();
  });
};

export const doorsOfStreams: readonly (readonly [string, Open, OpenSilent])[] = [
  ['SSE', openSse, openSilentSse],
  ['WebSocket', openWs, openSilentWs],
  ['gRPC', openGrpcStream, openSilentGrpc],
];
