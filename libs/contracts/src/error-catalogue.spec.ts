import {
  errorCatalogue,
  type ErrorCode,
  type ErrorDefinition,
  errorDefinition,
  isErrorCode,
} from './error-catalogue';

/** HTTP status for each gRPC status, where they have a common one (google.rpc.Code). */
const usualStatus: Record<ErrorDefinition['grpc'], readonly number[]> = {
  INVALID_ARGUMENT: [400, 406, 415],
  UNAUTHENTICATED: [401],
  PERMISSION_DENIED: [403],
  NOT_FOUND: [404],
  ALREADY_EXISTS: [409],
  ABORTED: [409],
  FAILED_PRECONDITION: [409, 412, 422],
  RESOURCE_EXHAUSTED: [413, 429],
  UNAVAILABLE: [503],
  UNIMPLEMENTED: [404],
  INTERNAL: [500],
};

const entries = (Object.keys(errorCatalogue) as ErrorCode[]).map((code) => ({
  code,
  ...errorDefinition(code),
}));

describe('the error catalogue', () => {
  it.each(entries)(
    '$code has a status, its gRPC status, a title and a fix',
    ({ code, status, grpc, title, fix }) => {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(usualStatus[grpc]).toContain(status);
      expect(title).toMatch(/^[A-Z].+\.$/);
      expect(fix).toMatch(/^(?!.*\.\.)[A-Z].+\.$/);
    },
  );

  it.each(entries.filter(({ status }) => status === 503))(
    '$code says when to send again',
    ({ retryAfterSeconds }) => {
      expect(retryAfterSeconds).toBeGreaterThan(0);
    },
  );

  it('has one title per code', () => {
    expect(new Set(entries.map(({ title }) => title)).size).toBe(entries.length);
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(errorCatalogue)).toBe(true);
  });

  it('knows its codes and no inherited names', () => {
    expect(isErrorCode('INTERNAL')).toBe(true);
    for (const code of ['NEWER', 'internal', 'toString', 'constructor', '__proto__', '', 7, null, undefined])
      expect(isErrorCode(code)).toBe(false);
  });
});
