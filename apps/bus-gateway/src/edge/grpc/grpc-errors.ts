import { type ConcordatError, errorDefinition, type FieldProblem } from '@concordat/contracts';
import { activeTraceId } from '@concordat/runtime';
import { type Metadata, status as grpcStatus } from '@grpc/grpc-js';
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

// Errors travel in the trailer, of which clients take 8 KiB: what is longer fails the call in another way.
const detailCharacters = 256;
const violationsBytes = 2_048;
/** Tags and lengths of one violation. */
const violationBytes = 12;

const pack = (name: string, type: Type, value: object): object => ({
  typeUrl: `type.googleapis.com/google.rpc.${name}`,
  value: type.encode(type.fromObject(value)).finish(),
});

/**
 * An error as gRPC knows it: status, and `google.rpc.Status` with ErrorInfo, BadRequest and RetryInfo in the trailer.
 * @param trailer what else is to stand in the trailer
 */
export function toGrpcError(
  { code, detail, errors, retryAfterSeconds }: ConcordatError,
  trailer: Metadata,
): { code: number; details: string; metadata: Metadata } {
  const { grpc, fix } = errorDefinition(code);
  const violations = thatFit(errors);
  const details = [
    pack('ErrorInfo', errorInfo, {
      reason: code,
      domain: 'concordat',
      metadata: { fix, traceId: activeTraceId() },
    }),
    ...(violations.length === 0 ? [] : [pack('BadRequest', badRequest, { fieldViolations: violations })]),
    ...(retryAfterSeconds === undefined
      ? []
      : [pack('RetryInfo', retryInfo, { retryDelay: { seconds: retryAfterSeconds } })]),
  ];
  const message = wellFormed(detail.slice(0, detailCharacters));
  const status = rpcStatus.fromObject({ code: grpcStatus[grpc], message, details });
  trailer.set('grpc-status-details-bin', Buffer.from(rpcStatus.encode(status).finish()));
  return { code: grpcStatus[grpc], details: message, metadata: trailer };
}

/** As many as there is room for, from the first. */
function thatFit(errors: readonly FieldProblem[]): { field: string; description: string }[] {
  let left = violationsBytes;
  return errors
    .map(({ pointer, message }) => ({ field: pointer, description: message }))
    .filter(({ field, description }) => {
      left -= Buffer.byteLength(field) + Buffer.byteLength(description) + violationBytes;
      return left >= 0;
    });
}

/** Half of a character has no UTF-8 form; grpc-js would throw on it, and the call never end. */
const wellFormed = (text: string): string => Buffer.from(text).toString();
