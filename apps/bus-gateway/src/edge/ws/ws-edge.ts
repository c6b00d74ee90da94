import { asConcordatError, ConcordatError, limits } from '@concordat/contracts';
import { activeTraceId, inSpan, type Logger } from '@concordat/runtime';
import { SpanKind } from '@opentelemetry/api';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { rawProblem } from '../http/raw-problem';
import { CallerAddresses, type ProxySettings } from '../caller-address';
import type { EdgeConnection } from '../edge-request';
import type { OperationRouter } from '../operation-router';
import { WsConnection } from './ws-connection';

const path = '/v1/ws';
const subprotocol = 'concordat.v1';

export interface WsEdgeOptions {
  /** Of the HTTP door: a WebSocket begins as a request to it. */
  readonly server: Server;
  readonly router: OperationRouter;
  readonly allowedOrigins: readonly string[];
  readonly proxies?: ProxySettings | undefined;
  readonly logger: Logger;
}

/**
 * The WebSocket door, `GET /v1/ws`. Who asks is decided before it opens, from the headers alone: a URL ends up in logs. Web
 * pages send `Origin`, and are let in only by name, for their browsers would open it on behalf of any page.
 */
export class WsEdge {
  readonly #sockets = new WebSocketServer({
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: limits.jsonBytes },
    handleProtocols: () => subprotocol,
  });

  readonly #addresses: CallerAddresses;

  constructor(private readonly options: WsEdgeOptions) {
    this.#addresses = new CallerAddresses(options.proxies);
    options.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      if (request.headers.upgrade?.toLowerCase() === 'websocket') void this.#welcome(request, socket, head);
      else serveWithoutUpgrade(options.server, request, socket, head);
    });
  }

  async #welcome(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const traceparent = String(request.headers['traceparent'] ?? '');
    const gone = new AbortController();
    const onClose = (): void => gone.abort();
    socket.once('close', onClose);
    await inSpan({ name: `GET ${path}`, kind: SpanKind.SERVER, traceparent }, async () => {
      try {
        this.#requireSound(request);
        const connection = await this.#connect(request, gone.signal);
        this.#open(request, socket, head, connection);
      } catch (error) {
        const known = asConcordatError(error);
        if (known.code === 'INTERNAL')
          this.options.logger.error({ error: known.cause ?? known }, 'websocket');
        if (socket.writable) socket.end(rawProblem(known, activeTraceId()));
        throw known;
      }
    }).catch(() => undefined);
  }

  /** @throws ConcordatError ROUTE_UNKNOWN, ORIGIN_FORBIDDEN, INPUT_INVALID */
  #requireSound({ url = '', method, headers }: IncomingMessage): void {
    const [target, query] = url.split('?');
    if (target !== path || method !== 'GET') throw new ConcordatError('ROUTE_UNKNOWN');
    const { origin } = headers;
    if (origin !== undefined && !this.options.allowedOrigins.includes(origin))
      throw new ConcordatError('ORIGIN_FORBIDDEN');
    if (query !== undefined) throw new ConcordatError('INPUT_INVALID', `${path} takes nothing in its URL.`);
    const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!offered.includes(subprotocol))
      throw new ConcordatError('INPUT_INVALID', `${path} speaks the subprotocol ${subprotocol}.`);
  }

  #connect(request: IncomingMessage, signal: AbortSignal): Promise<EdgeConnection> {
    const { headers } = request;
    const { authorization } = headers;
    const address = this.#addressOf(request);
    const dpop = headers['dpop'];
    const shown = { proof: String(dpop), method: 'GET', authority: headers.host, path };
    const proof = dpop === undefined ? undefined : shown;
    return this.options.router.connect({ authorization, proof, address }, signal);
  }

  #addressOf({ headers, socket }: IncomingMessage): string | null {
    return this.#addresses.of(socket.remoteAddress ?? null, (name) => headers[name]?.toString());
  }

  #open(request: IncomingMessage, socket: Socket, head: Buffer, connection: EdgeConnection): void {
    const { router, logger } = this.options;
    const address = this.#addressOf(request);
    const traceparent = String(request.headers['traceparent'] ?? '');
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      new WsConnection({ socket: webSocket, router, connection, address, traceparent, logger });
    });
  }
}

/**
 * A server may pass an offer to change the protocol over (RFC 9110 §7.8), and some clients make one with every request. By
 * the time Node tells of it, its parser has let go of the connection: it gets the request again, without the offer.
 */
function serveWithoutUpgrade(server: Server, request: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const [name, value] = [request.rawHeaders[i]!, request.rawHeaders[i + 1]!];
    if (!/^(upgrade|connection|http2-settings)$/i.test(name)) lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}
