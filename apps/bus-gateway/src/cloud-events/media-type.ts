/** `type/subtype` in lower case, without parameters (RFC 9110 §8.3.1). */
export const essenceOf = (contentType: string): string => contentType.split(';', 1)[0]!.trim().toLowerCase();

const charset = /;[ \t]*charset="?([^";\s]+)/i;

/** Whether text of this type is UTF-8: it says so, or nothing. */
export const isUtf8 = (contentType: string): boolean =>
  /^(?:utf-8|us-ascii)$/i.test(charset.exec(contentType)?.[1] ?? 'utf-8');

/** Subtype `json`, or ending with `+json` (CloudEvents JSON format §3.1). */
export const declaresJson = (contentType: string): boolean =>
  /^[^/]+\/(?:[^/]+\+)?json$/.test(essenceOf(contentType));
