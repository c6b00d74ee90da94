import { ConcordatError, limits, operations } from '@concordat/contracts';
import { context } from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CallerAddresses } from '../caller-address';
import type { OperationRouter } from '../operation-router';
import { requireUncoded } from './content-coding';
import { requestFacts } from './http-request';
import { requestContext } from './http-tracing';

export const addCheckpointPath = '/v1/audit/witness/add-checkpoint';

export interface WitnessPorts {
  readonly router: OperationRouter;
  readonly addresses: CallerAddresses;
}

/**
 * `add-checkpoint` as C2SP tlog-witness has it: another face of `audit.addCheckpoint`, which decides. Its body is text, of
 * whatever media type the log calls it.
 */
export function addWitnessRoute(server: FastifyInstance, { router, addresses }: WitnessPorts): void {
  const serve = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { output } = await router.route({
      ...requestFacts(request, reply, addresses),
      operation: operations['audit.addCheckpoint'],
      input: async () => ({ request: readText(request) }),
    });
    const { cosignatures, size } = output as { cosignatures: string | null; size: number };
    // As bytes: to a text Fastify would add a charset, which this media type does not have.
    if (cosignatures === null)
      return reply
        .code(409)
        .type('text/x.tlog.size')
        .send(Buffer.from(`${size}\n`));
    return reply.code(200).type('text/plain; charset=utf-8').send(Buffer.from(cosignatures));
  };
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body);
    scope.route({
      method: 'POST',
      url: addCheckpointPath,
      bodyLimit: limits.strangerBytes,
      handler: (request, reply) => context.with(requestContext(request), () => serve(request, reply)),
    });
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws ConcordatError INPUT_INVALID, CONTENT_CODING_UNSUPPORTED */
function readText(request: FastifyRequest): string {
  requireUncoded(request.headers['content-encoding']);
  try {
    return utf8.decode((request.body as Buffer | undefined) ?? Buffer.alloc(0));
  } catch {
    throw new ConcordatError('INPUT_INVALID', 'The body is not UTF-8.');
  }
}
