import { define, forbidden } from './error-definition';

/** Of streams and of the connections that carry them. */
export const streamErrors = define({
  MEDIA_TYPE_NOT_ACCEPTABLE: {
    status: 406,
    grpc: 'INVALID_ARGUMENT',
    title: 'The answer comes in a media type that the caller does not take.',
    fix: 'Send `Accept: text/event-stream`, or leave `Accept` out.',
  },
  ORIGIN_FORBIDDEN: {
    ...forbidden,
    title: 'Web pages of this origin may not open a WebSocket here.',
    fix: 'Name the origin in `CONCORDAT_ALLOWED_ORIGINS` of the gateway, or connect without `Origin`.',
  },
  STREAM_LIMIT_REACHED: {
    status: 429,
    grpc: 'RESOURCE_EXHAUSTED',
    retryAfterSeconds: 1,
    title: 'The caller has too many streams open at this gateway.',
    fix: 'Close one of them; one subscription with more credits does the work of many.',
  },
});
