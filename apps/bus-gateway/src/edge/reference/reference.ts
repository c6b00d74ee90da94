import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { inCodingOf } from '../http/compressed-answer';
import { type ReferenceFile, referenceFiles } from './reference-files';

/** Nothing but files of this door runs, is drawn or is asked; the page is framed by nobody and sends no form. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What describes the doors, for programs (`/openapi.json`, `/asyncapi.json`) and for people (`/docs`): without a network. */
export function addReference(server: FastifyInstance): void {
  for (const file of referenceFiles)
    server.get(file.path, async (request, reply) => sendFile(file, request, reply));
}

async function sendFile(
  file: ReferenceFile,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { body, etag, encode } = file.read();
  void reply.headers({
    etag,
    vary: 'accept-encoding',
    // May be kept, must be asked for: after an update nobody sees the old one.
    'cache-control': 'no-cache',
    'content-security-policy': policy,
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
  });
  if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();
  return reply.type(file.type).send(await inCodingOf(request, reply, body, encode));
}

/** RFC 9110 §13.1.2: weak comparison with any in the list. */
const isKnown = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  header
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === etag.replace(/^W\//, '') || tag === '*');
