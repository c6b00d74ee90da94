import { type ConcordatError, toProblem } from '@concordat/contracts';
import { STATUS_CODES } from 'node:http';
import { schemes } from './http-errors';

/** A refusal as bytes of HTTP/1.1, for a socket that Fastify does not answer on; the connection ends with it. */
export function rawProblem(error: ConcordatError, traceId: string): string {
  const problem = toProblem(error, traceId);
  const body = JSON.stringify(problem);
  const { retryAfterSeconds } = error;
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'x-content-type-options: nosniff',
    'cache-control: no-store',
    ...(problem.status === 401 ? [`www-authenticate: ${schemes(error)}`] : []),
    ...(retryAfterSeconds === undefined ? [] : [`retry-after: ${retryAfterSeconds}`]),
    'connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
