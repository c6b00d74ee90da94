/** What a node says instead of carrying out a command. In every case it has not been carried out. */
export type Redirect =
  /** The slot belongs to another node, from now on. */
  | { readonly kind: 'MOVED'; readonly address: string }
  /** The slot is on its way, and what the command needs has arrived there already: this one time. */
  | { readonly kind: 'ASK'; readonly address: string }
  /** Of several keys some have moved and some not. */
  | { readonly kind: 'TRYAGAIN' };

const pattern = /^(?:(MOVED|ASK) \d{1,5} (\S*:\d{1,5})|(TRYAGAIN)\b)/;

/** @param asked host of the node that answered: an answer without a host means its own */
export function redirectOf(error: unknown, asked: string): Redirect | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined;
  const match = pattern.exec(error.message);
  if (!match) return undefined;
  const [, kind, place] = match;
  if (kind === undefined) return { kind: 'TRYAGAIN' };
  const address = place!.startsWith(':') ? `${asked}${place}` : place!;
  return { kind: kind as 'MOVED' | 'ASK', address };
}
