import { findOperation } from '@concordat/contracts';
import type { Metadata, StatusObject } from '@grpc/grpc-js';
import WebSocket from 'ws';
import { answerOf, type Fields, type GrpcClient, type GrpcMethod, grpcMethods } from '../grpc';
import { operationRequest } from '../http';
import type { Answer } from './answers';
import type { Caller } from './callers';
import type { Input } from './naming';

/** Where streams are opened. */
export interface Doors {
  readonly url: string;
  readonly grpc: GrpcClient;
}

/**
 * Opens an inbox as a stream, and closes it again.
 * @param whenOpen sees to it that something comes
 * @returns the refusal, or what came before the first item, and that one
 */
export type Opening = (
  doors: Doors,
  caller: Caller,
  input: Input,
  whenOpen: () => Promise<void>,
) => Promise<Answer>;

const serverSentEvents: Opening = async ({ url }, caller, input, whenOpen) => {
  const { path, request } = operationRequest('inbox.subscribe', input);
  const target = `${url}${path}`;
  const gone = new AbortController();
  const headers = { ...request.headers, ...caller.headers, ...caller.prove?.('GET', target) };
  const { status, headers: head, body } = await fetch(target, { headers, signal: gone.signal });
  const parts = body!.pipeThrough(new TextDecoderStream());
  if (status !== 200) {
    let text = '';
    for await (const part of parts) text += part;
    return { status, headers: head, body: JSON.parse(text) as unknown };
  }
  await whenOpen();
  let text = '';
  for await (const part of parts) {
    text += part;
    const [, before, data] = /^(.*?)id: \S+\nevent: item\ndata: (.*?)\n\n/s.exec(text) ?? [];
    if (data !== undefined) return { status, headers: head, body: [before, JSON.parse(data)] };
  }
  throw new Error(`the stream ended after ${text}`);
};

const webSocket: Opening = async ({ url }, caller, input, whenOpen) => {
  const headers = { ...caller.headers, ...caller.prove?.('GET', `${url}/v1/ws`) };
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, 'concordat.v1', { headers });
  try {
    return await new Promise<Answer>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('unexpected-response', (_request, refusal) => {
        const [status, head] = [refusal.statusCode!, new Headers(refusal.headers as Record<string, string>)];
        let text = '';
        refusal.setEncoding('utf8').on('data', (part: string) => (text += part));
        refusal.on('end', () => resolve({ status, headers: head, body: JSON.parse(text) as unknown }));
      });
      socket.on('open', () => socket.send(JSON.stringify({ id: '1', operation: 'inbox.subscribe', input })));
      const frames: unknown[] = [];
      socket.on('message', (data: Buffer) => {
        const frame = JSON.parse(data.toString()) as { open?: true; item?: unknown; problem?: unknown };
        frames.push(frame);
        if (frame.open) whenOpen().catch(reject);
        else resolve({ status: 101, headers: new Headers(), body: frames });
      });
    });
  } finally {
    socket
      .removeAllListeners('error')
      .on('error', () => undefined)
      .terminate();
  }
};

const methodOf = (name: string): GrpcMethod => grpcMethods.find(({ path }) => path.endsWith(`/${name}`))!;

const grpcStream: Opening = async ({ grpc }, caller, input, whenOpen) => {
  const method = methodOf('Subscribe');
  const call = grpc.open(method, headersOf(grpc, method, caller));
  call.on('error', () => undefined);
  return new Promise<Answer>((resolve, reject) => {
    const seen = new Headers();
    call.on('metadata', (metadata: Metadata) => {
      for (const [name, value] of Object.entries(metadata.getMap())) seen.append(name, String(value));
      whenOpen().catch(reject);
    });
    call.on('data', (item: Fields) => resolve({ status: 0, headers: seen, body: item }));
    call.on('status', (end: StatusObject) => resolve(answerOf(end, seen, null)));
    call.write(input);
  }).finally(() => call.cancel());
};

export const openings: Readonly<Record<string, Opening>> = {
  'server-sent events': serverSentEvents,
  'a WebSocket': webSocket,
  'BusService/Subscribe': grpcStream,
};

/** Streams that carry calls of an operation. */
export const callStreams = grpcMethods.filter(
  ({ isStream, operation }) => isStream && findOperation(operation)!.kind !== 'stream',
);

/** Calls an operation over one stream. @returns an answer to each in turn, or the one refusal of the whole stream */
export async function called(
  grpc: GrpcClient,
  method: GrpcMethod,
  caller: Caller,
  inputs: readonly Input[],
): Promise<Answer[]> {
  const call = grpc.open(method, headersOf(grpc, method, caller));
  call.on('error', () => undefined);
  const answers: { sequence: number; position?: string }[] = [];
  call.on('data', (answer: { sequence: number }) => answers.push(answer));
  const ended = new Promise<StatusObject>((resolve) => call.on('status', resolve));
  for (const [at, request] of inputs.entries()) call.write({ sequence: at + 1, request });
  call.end();
  const end = await ended;
  if (end.code !== 0) return [answerOf(end, new Headers(), null)];
  return answers
    .sort((one, other) => one.sequence - other.sequence)
    .map(({ position: _, ...body }) => ({ status: 0, headers: new Headers(), body }));
}

const headersOf = ({ address }: GrpcClient, { path }: GrpcMethod, caller: Caller): Fields => ({
  ...caller.headers,
  ...caller.prove?.('POST', `http://${address}${path}`),
});
