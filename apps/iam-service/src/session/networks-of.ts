/** Whose an address is, from the outside. */
export interface SourceNetworks {
  /** What one host has: an IPv4 address, or a /64 of IPv6 (RFC 6177). */
  readonly host: string;
  /** What one customer of a provider has, and can take addresses from at will: a /48 of IPv6. */
  readonly site: string;
}

/** IPv4 in IPv6 is IPv4; however an address is written, its networks are written in one way. */
export function networksOf(source: string): SourceNetworks {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(source)?.[1];
  const plain = mapped ?? source;
  if (!plain.includes(':')) return { host: plain, site: plain };
  const [head = '', tail] = plain.toLowerCase().split('%')[0]!.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array<string>(Math.max(8 - front.length - back.length, 0)).fill('0');
  const groups = [...front, ...zeros, ...back].map((group) => group.replace(/^0+(?=.)/, ''));
  return { host: groups.slice(0, 4).join(':'), site: `${groups.slice(0, 3).join(':')}/48` };
}
