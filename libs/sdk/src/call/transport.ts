import type { Clock } from '../clock';
import { ConcordatProblem } from '../problem';
import { connectionFailure, notReached } from './connection-failure';
import type { Gateways } from './gateways';
import { TimeFrame } from './time-frame';
import { readResponse, type WireAnswer } from './wire-answer';
import type { WireRequest } from './wire-request';

export interface TransportOptions {
  readonly gateways: Gateways;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** Largest answer, in bytes. */
  readonly answerBytes: number;
}

export interface AttemptLimits {
  /** How long this attempt may take. */
  readonly ms: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** Makes the `DPoP` header, which names the address that the request goes to. */
  readonly prove?: ((method: string, url: string) => string) | undefined;
}

/** Sends a request once and reads its answer, to the gateway whose turn it is. */
export class Transport {
  constructor(private readonly options: TransportOptions) {}

  /**
   * @param headers in addition to those of the request
   * @throws ConcordatProblem CONNECTION_FAILED, ANSWER_TOO_LARGE; the reason of the signal
   */
  async attempt(
    request: WireRequest,
    headers: Readonly<Record<string, string>>,
    { ms, signal, prove }: AttemptLimits,
  ): Promise<WireAnswer> {
    const { gateways, clock } = this.options;
    const url = gateways.current;
    const late = (): Error => notReached(url, `nothing came within ${ms} ms`);
    const proof = prove && { dpop: prove(request.method, url + request.target) };
    const frame = new TimeFrame({ clock, ms, signal, late });
    try {
      const answer = await frame.race(this.#exchange(url, request, { ...headers, ...proof }, frame.signal));
      if (answer.status >= 502 && answer.status <= 504) gateways.failed(url);
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      const reason: unknown = frame.signal.aborted ? frame.signal.reason : error;
      if (reason instanceof ConcordatProblem && reason.code === 'ANSWER_TOO_LARGE') throw reason;
      gateways.failed(url);
      throw reason instanceof ConcordatProblem ? reason : connectionFailure(url, reason);
    } finally {
      frame.close();
    }
  }

  /**
   * Sends a request whose answer goes on: resolves when it begins, within the limits; after that nothing but `until` ends it.
   * @returns a refusal, read whole, or the body as it comes; what breaks it is thrown as CONNECTION_FAILED
   */
  async open(
    request: WireRequest,
    headers: Readonly<Record<string, string>>,
    { ms, signal, prove }: AttemptLimits,
    until: AbortSignal | undefined,
  ): Promise<WireAnswer | AsyncIterable<Uint8Array>> {
    const { gateways, clock, answerBytes } = this.options;
    const url = gateways.current;
    const proof = prove && { dpop: prove(request.method, url + request.target) };
    const ending = new AbortController();
    const frame = new TimeFrame({
      clock,
      ms,
      signal,
      late: () => notReached(url, `nothing came within ${ms} ms`),
    });
    const end = (): void => ending.abort(until?.reason);
    if (until?.aborted) end();
    else until?.addEventListener('abort', end, { once: true });
    try {
      const response = await frame.race(this.#send(url, request, { ...headers, ...proof }, ending.signal));
      if (!response.ok) return await frame.race(readResponse(response, answerBytes));
      return piecesOf(response, ending, url);
    } catch (error) {
      ending.abort();
      signal.throwIfAborted();
      gateways.failed(url);
      const reason: unknown = frame.signal.aborted ? frame.signal.reason : error;
      throw reason instanceof ConcordatProblem ? reason : connectionFailure(url, reason);
    } finally {
      frame.close();
    }
  }

  async #exchange(
    url: string,
    request: WireRequest,
    more: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<WireAnswer> {
    return readResponse(await this.#send(url, request, more, signal), this.options.answerBytes);
  }

  #send(
    url: string,
    { method, target, headers, body }: WireRequest,
    more: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Response> {
    return this.options.fetch(url + target, {
      method,
      headers: { accept: 'application/json, application/problem+json, */*;q=0.1', ...headers, ...more },
      ...(body === undefined ? {} : { body }),
      // Followed, a redirect would carry the credential to wherever the server says.
      redirect: 'manual',
      signal,
    });
  }
}

/** Who stops reading closes the connection. */
async function* piecesOf(
  { body }: Response,
  ending: AbortController,
  url: string,
): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  try {
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) yield part.value;
  } catch (error) {
    ending.signal.throwIfAborted();
    throw connectionFailure(url, error);
  } finally {
    ending.abort();
  }
}
