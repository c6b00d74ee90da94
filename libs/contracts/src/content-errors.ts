import { badRequest, define } from './error-definition';

/** Refusals of a body for how it is coded (RFC 9110 §8.4). */
export const contentErrors = define({
  CONTENT_CODING_UNSUPPORTED: {
    status: 415,
    grpc: 'INVALID_ARGUMENT',
    title: 'The content coding of the body is not supported.',
    fix: 'Send one `Content-Encoding` of those that `Accept-Encoding` of this answer names, or none.',
  },
  CONTENT_CODING_INVALID: {
    ...badRequest,
    title: 'The body is not what its `Content-Encoding` says.',
    fix: 'Compress the body once, send all of it and nothing behind it, or send it as it is without the header.',
  },
});
