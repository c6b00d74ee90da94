/** Bytes of a store, and where they come from. */
export interface Haystack {
  readonly name: string;
  readonly bytes: Buffer;
}

/** The middle of the base64 of a text at each of the three places where it can stand: what is the same whatever is around it. */
function base64Forms(text: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]).toString('base64');
    const begin = Math.ceil((offset * 8) / 6);
    const end = Math.floor(((offset + Buffer.byteLength(text)) * 8) / 6);
    return encoded.slice(begin, end);
  });
}

/** The forms in which a secret might lie about: plain, hex in both cases, base64 and base64url at every alignment. */
export function formsOf(text: string): Buffer[] {
  const base64 = base64Forms(text);
  const hex = Buffer.from(text).toString('hex');
  const url = base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'));
  return [...new Set([text, hex, hex.toUpperCase(), ...base64, ...url])].map((form) => Buffer.from(form));
}

/** @returns names of the haystacks that hold the text in any form */
export function find(haystacks: readonly Haystack[], text: string): string[] {
  const forms = formsOf(text);
  return haystacks.filter(({ bytes }) => forms.some((form) => bytes.includes(form))).map(({ name }) => name);
}
