import { ConcordatError, errorCatalogue, type ErrorCode, errorDefinition } from '@concordat/contracts';
import { Metadata, status as grpcStatus } from '@grpc/grpc-js';
import fc from 'fast-check';
import { decodeStatus, type RpcStatus } from '../../grpc.fixture';
import { toGrpcError } from './grpc-errors';

const codes = Object.keys(errorCatalogue) as ErrorCode[];
const statusOf = (error: ConcordatError): RpcStatus => {
  const { metadata } = toGrpcError(error, new Metadata());
  return decodeStatus(metadata.get('grpc-status-details-bin')[0] as Buffer);
};

describe.each(codes)('%s over gRPC', (code) => {
  const { grpc, fix, title, retryAfterSeconds } = errorDefinition(code);

  it('has a status that gRPC knows and that is not success', () => {
    const { code: number, details } = toGrpcError(new ConcordatError(code), new Metadata());
    expect([number, details]).toEqual([grpcStatus[grpc], title]);
    expect(Object.values(grpcStatus)).toContain(number);
    expect([grpcStatus.OK, grpcStatus.UNKNOWN, grpcStatus.CANCELLED]).not.toContain(number);
  });

  it('has details that any client can decode', () => {
    expect(statusOf(new ConcordatError(code))).toEqual({
      ...{ code: grpcStatus[grpc], message: title },
      ErrorInfo: { reason: code, domain: 'concordat', metadata: { fix, traceId: '0'.repeat(32) } },
      ...(retryAfterSeconds && { RetryInfo: { retryDelay: { seconds: retryAfterSeconds, nanos: 0 } } }),
    });
  });
});

describe('an error over gRPC', () => {
  it('with faults of fields and a time of its own / carries both', () => {
    const errors = [
      { pointer: '/to', message: 'must be a DID' },
      { pointer: '', message: 'is not complete' },
    ];
    const found = statusOf(new ConcordatError('OVERLOADED', 'Too much.', { errors, retryAfterSeconds: 7 }));
    expect(found).toMatchObject({
      message: 'Too much.',
      BadRequest: {
        fieldViolations: [
          { field: '/to', description: 'must be a DID' },
          { field: '', description: 'is not complete' },
        ],
      },
      RetryInfo: { retryDelay: { seconds: 7 } },
    });
  });

  it('keeps what else stands in the trailer', () => {
    const trailer = new Metadata();
    trailer.set('traceparent', 'x');
    expect(toGrpcError(new ConcordatError('NOT_FOUND'), trailer).metadata.get('traceparent')).toEqual(['x']);
  });

  it('tells nothing of its cause', () => {
    const { details, metadata } = toGrpcError(
      new ConcordatError('INTERNAL', undefined, { cause: new Error('canary') }),
      new Metadata(),
    );
    expect(details + String(metadata.get('grpc-status-details-bin')[0])).not.toContain('canary');
  });

  it('of any text and any number of faults / fits into a trailer, and can be sent', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary', maxLength: 1_000 }),
      fc.constantFrom('\ud800', '名'.repeat(5_000)),
    );
    const errors = fc.array(fc.record({ pointer: text, message: text }), { maxLength: 300 });
    fc.assert(
      fc.property(fc.constantFrom(...codes), text, errors, (code, detail, faults) => {
        const { details, metadata } = toGrpcError(
          new ConcordatError(code, detail, { errors: faults }),
          new Metadata(),
        );
        const [packed] = metadata.get('grpc-status-details-bin') as [Buffer];
        // As grpc-js writes them: the text percent-encoded, which throws on half a character, and the bytes in base64.
        const size = encodeURI(details).length + packed.toString('base64').length;
        expect(size).toBeLessThan(7_500);
        const { message, BadRequest } = decodeStatus(packed);
        expect(message).toBe(details);
        expect(BadRequest?.fieldViolations.length ?? 0).toBeLessThanOrEqual(faults.length);
      }),
      { numRuns: 300 },
    );
  });

  it('with more faults than there is room for / names the first ones', () => {
    const faults = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ pointer: `/tokens/${i}`, message: 'is stale' }));
    const named = (count: number) =>
      statusOf(new ConcordatError('DELIVERY_TOKEN_STALE', undefined, { errors: faults(count) })).BadRequest!
        .fieldViolations;
    expect(named(20)).toHaveLength(20);
    const some = named(10_000);
    expect(some.length).toBeGreaterThan(50);
    expect(some.at(-1)!.field).toBe(`/tokens/${some.length - 1}`);
  });
});
