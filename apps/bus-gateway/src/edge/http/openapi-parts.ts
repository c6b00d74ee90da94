import {
  correlationId,
  type ErrorCode,
  errorDefinition,
  errorsOf,
  type HttpBinding,
  isForStrangers,
  limits,
  type OperationSpec,
} from '@concordat/contracts';
import { z } from 'zod';
import { acceptedCodings, encoders } from './content-coding';

export type Json = Record<string, unknown>;

export const text: Json = { type: 'string' };
/** Headers of every answer. */
export const traced: Json = {
  traceparent: { description: 'W3C Trace Context.', required: true, schema: text },
};

export const schemaOf = (
  schema: z.ZodType,
  io: 'input' | 'output',
  target: 'draft-2020-12' | 'draft-7' = 'draft-2020-12',
): Json => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    target,
    unrepresentable: 'any',
  }) as Json;
  return rest;
};

export const securityOf = ({ caller }: OperationSpec): Json[] => {
  if (caller === 'none') return [];
  return caller === 'agent' ? [{ accessToken: [] }] : [{ accessToken: [] }, { apiKey: [] }];
};

const codings: Json = { type: 'string', enum: acceptedCodings.split(', ') };
/** Headers of an answer that is compressed by `Accept-Encoding` where it is large enough. */
export const compressible: Json = {
  Vary: { required: true, schema: { const: 'accept-encoding' } },
  'Content-Encoding': {
    description: `How the body is compressed, by \`Accept-Encoding\`; from ${limits.compressionBytes} bytes on.`,
    schema: { type: 'string', enum: [...encoders.keys()] },
  },
};

/** What any operation takes besides its input. A POST that is a query takes a key too, and has no need of it. */
export function headerParameters({ kind, caller }: OperationSpec, { method }: HttpBinding): Json[] {
  const hasBody = method !== 'GET' && method !== 'DELETE';
  const header = (name: string, description: string, schema: Json): Json => ({
    ...{ name, in: 'header', required: false, description, schema },
  });
  const key = header('Idempotency-Key', 'Names the effect: a repetition with the same key has it once.', {
    ...{ type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
  });
  return [
    ...(kind === 'command' || method === 'POST' ? [key] : []),
    ...(hasBody && !isForStrangers({ caller })
      ? [header('Content-Encoding', 'How the body is compressed, if it is.', codings)]
      : []),
    header(
      'Concordat-Min-Position',
      'What must have been seen before the answer: `Concordat-Position`s.',
      text,
    ),
    header(
      'Concordat-Correlation-Id',
      'The conversation to which the request belongs.',
      schemaOf(correlationId, 'input'),
    ),
  ];
}

/** Codes by status: a reader of the document sees every way in which the operation can fail. */
export function failures(operation: OperationSpec, others: readonly ErrorCode[] = []): Json {
  const codes = [...new Set([...errorsOf(operation), ...others])];
  const statuses = [...new Set(codes.map((code) => errorDefinition(code).status))];
  return Object.fromEntries(
    statuses.map((status) => [
      String(status),
      {
        description: codes
          .filter((code) => errorDefinition(code).status === status)
          .map((code) => `\`${code}\`: ${errorDefinition(code).title}`)
          .join('\n\n'),
        headers: {
          ...traced,
          ...(status === 401 ? { 'WWW-Authenticate': { required: true, schema: text } } : {}),
          ...(status === 415
            ? { 'Accept-Encoding': { description: 'How bodies may be compressed.', schema: text } }
            : {}),
          ...(status === 429 || status === 503
            ? { 'Retry-After': { required: true, schema: { type: 'integer' } } }
            : {}),
        },
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}
