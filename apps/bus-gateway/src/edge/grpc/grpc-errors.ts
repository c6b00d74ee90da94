import { type ConcordatError, errorDefinition } from '@concordat/contracts';
import { activeTraceId } from '@concordat/runtime';
import { Metadata, status as grpcStatus } from '@grpc/grpc-js';
import { Field, MapField, Type } from 'protobufjs';

// The messages of google.rpc that carry error details (google/rpc/status.proto, error_details.proto), by field number.
const any = new Type('Any').add(new Field('typeUrl', 1, 'string')).add(new Field('value', 2, 'bytes'));
const rpcStatus = new Type('Status')
  .add(new Field('code', 1, 'int32'))
  .add(new Field('message', 2, 'string'))
  .add(new Field('details', 3, 'Any', 'repeated'))
  .add(any);
const errorInfo = new Type('ErrorInfo')
  .add(new Field('reason', 1, 'string'))
  .add(new Field('domain', 2, 'string'))
  .add(new MapField('metadata', 3, 'string', 'string'));
const fieldViolation = new Type('FieldViolation')
  .add(new Field('field', 1, 'string'))
  .add(new Field('description', 2, 'string'));
const badRequest = new Type('BadRequest')
  .add(new Field('fieldViolations', 1, 'FieldViolation', 'repeated'))
  .add(fieldViolation);
const duration = new Type('Duration').add(new Field('seconds', 1, 'int64'));
const retryInfo = new Type('RetryInfo').add(new Field('retryDelay', 1, 'Duration')).add(duration);

const pack = (name: string, type: Type, value: object): object => ({
  typeUrl: `type.googleapis.com/google.rpc.${name}`,
  value: type.encode(type.fromObject(value)).finish(),
});

/** An error as gRPC knows it: status, and `google.rpc.Status` with ErrorInfo, BadRequest and RetryInfo in the trailer. */
export function toGrpcError({ code, detail, errors, retryAfterSeconds }: ConcordatError): {
  code: number;
  details: string;
  metadata: Metadata;
} {
  const { grpc, fix } = errorDefinition(code);
  const details = [
    pack('ErrorInfo', errorInfo, {
      reason: code,
      domain: 'concordat',
      metadata: { fix, traceId: activeTraceId() },
    }),
    ...(errors.length > 0
      ? [
          pack('BadRequest', badRequest, {
            fieldViolations: errors.map(({ pointer, message }) => ({ field: pointer, description: message })),
          }),
        ]
      : []),
    ...(retryAfterSeconds === undefined
      ? []
      : [pack('RetryInfo', retryInfo, { retryDelay: { seconds: retryAfterSeconds } })]),
  ];
  const metadata = new Metadata();
  const packed = rpcStatus
    .encode(rpcStatus.fromObject({ code: grpcStatus[grpc], message: detail, details }))
    .finish();
  metadata.set('grpc-status-details-bin', Buffer.from(packed));
  return { code: grpcStatus[grpc], details: detail, metadata };
}
