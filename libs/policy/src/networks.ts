import { BlockList, isIP, SocketAddress } from 'node:net';
import { certainly, type Certainty, unknown, yes } from './certainty';

/**
 * Whether an address is in one of the networks.
 * @param networks in CIDR
 * @throws Error when one of them is none, or is IPv4 in IPv6 clothes (which would never match: addresses lose them)
 */
export function networksOf(networks: readonly string[]): (ip: string | null) => Certainty {
  // One list for each family: a list for both takes IPv4 for a part of ::/0.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const network of networks) {
    const [text = '', prefix = ''] = network.split('/');
    const address = plainAddress(text);
    if (!address || familyOf(text) !== address.family || !/^\d{1,3}$/.test(prefix))
      throw new Error(`${network} is not a network in CIDR.`);
    lists[address.family].addSubnet(address, Number(prefix));
  }
  return (ip) => {
    const address = ip === null ? null : addressOf(ip);
    return address === null ? unknown : certainly(lists[address.family].check(address));
  };
}

/** Whether an address is certainly in one of the networks. @throws as above */
export function insideOf(networks: readonly string[]): (ip: string | null) => boolean {
  const isIn = networksOf(networks);
  return (ip) => isIn(ip) === yes;
}

/** Reading an address costs microseconds, far more than looking it up: so many are kept, then from anew. */
const keptAddresses = 1_024;
const addresses = new Map<string, SocketAddress | null>();

function addressOf(ip: string): SocketAddress | null {
  const kept = addresses.get(ip);
  if (kept !== undefined) return kept;
  if (addresses.size >= keptAddresses) addresses.clear();
  const address = plainAddress(ip);
  addresses.set(ip, address);
  return address;
}

/** Without zone (`%eth0`), and IPv4 as such though it came as `::ffff:…`; null for what is no address. */
function plainAddress(text: string): SocketAddress | null {
  const [bare = ''] = text.split('%', 1);
  const family = familyOf(bare);
  if (!family) return null;
  const address = new SocketAddress({ address: bare, family });
  const dressed = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address.address)?.[1];
  return dressed === undefined ? address : new SocketAddress({ address: dressed, family: 'ipv4' });
}

const familyOf = (address: string): 'ipv4' | 'ipv6' | undefined =>
  ([undefined, undefined, undefined, undefined, 'ipv4', undefined, 'ipv6'] as const)[isIP(address)];
