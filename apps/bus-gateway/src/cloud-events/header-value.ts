/** Values of attributes as values of headers (CloudEvents HTTP binding 1.0.2, §3.1.3.2). */

/** Percent-encodes what is not printable ASCII, and space, double quote and percent. */
export const encodeHeaderValue = (value: string): string =>
  value.replace(/[^\x21\x23\x24\x26-\x7e]+/g, (run) =>
    [...Buffer.from(run)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );

/**
 * Takes quotes away, as older senders write them, and percent-decodes once.
 * @param raw as Node reads it: a character for each byte
 * @returns undefined when it is not ASCII, has a quote or a percent sign that stands for nothing, or is no UTF-8 then
 */
export function decodeHeaderValue(raw: string): string | undefined {
  if (!/^[\t\x20-\x7e]*$/.test(raw)) return undefined;
  const text = raw.includes('"') ? unquote(raw) : raw;
  if (text === undefined) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const quoted = /^"((?:[^"\\]|\\.)*)"$/;

const unquote = (raw: string): string | undefined => quoted.exec(raw)?.[1]?.replace(/\\(.)/g, '$1');
