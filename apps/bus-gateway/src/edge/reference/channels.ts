import type { Json } from '../http/openapi-parts';

/** A part of the AsyncAPI document: channels with their messages, and what is done on them. */
export interface Channels {
  readonly channels: Readonly<Record<string, Json>>;
  readonly operations: Readonly<Record<string, Json>>;
  readonly messages: Readonly<Record<string, Json>>;
  readonly schemas: Readonly<Record<string, Json>>;
}

/** A reference to a place in the document (RFC 6901). */
export const refer = (...path: readonly string[]): { readonly $ref: string } => ({
  $ref: `#/${path.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`,
});
