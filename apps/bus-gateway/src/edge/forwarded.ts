import { isIP } from 'node:net';

/** More hops, or a longer header, no chain of proxies has. */
const hopsLimit = 32;
const charactersLimit = 2_048;

export type ForwardedHeader = 'forwarded' | 'x-forwarded-for';

/**
 * Whom a request came by, as proxies have written it: the caller first, each proxy adding whom it heard from at the end.
 * @returns addresses without ports, undefined where something else stands (`unknown`, `_hidden`); undefined for the whole
 *   when it cannot be taken apart, since then nobody knows which is whose
 */
export function hopsOf(header: ForwardedHeader, text: string): (string | undefined)[] | undefined {
  if (text.length > charactersLimit) return undefined;
  const nodes = header === 'forwarded' ? forwardedNodes(text) : text.split(',').map((node) => node.trim());
  if (nodes === undefined || nodes.length > hopsLimit) return undefined;
  return nodes.map(addressOfNode);
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const pair = new RegExp(`(${token})=(?:(${token})|"((?:[^"\\\\]|\\\\.)*)")`, 'y');
const separator = /[ \t]*([,;])[ \t]*/y;

/** The parameter `for` of every element (RFC 7239 §4); an element without one, or with two, is none. */
function forwardedNodes(text: string): string[] | undefined {
  const nodes: string[] = [];
  let node: string | undefined;
  for (let at = 0; ;) {
    pair.lastIndex = at;
    const [found, name, plain, quoted] = pair.exec(text) ?? [];
    if (found === undefined) return undefined;
    if (name!.toLowerCase() === 'for') {
      if (node !== undefined) return undefined;
      node = plain ?? quoted!.replace(/\\(.)/g, '$1');
    }
    at += found.length;
    separator.lastIndex = at;
    const [between, sign] = separator.exec(text) ?? [''];
    at += between.length;
    if (sign === ';') continue;
    if (node === undefined) return undefined;
    nodes.push(node);
    node = undefined;
    if (sign === undefined) return at === text.length ? nodes : undefined;
  }
}

/** An address, perhaps with a port: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`. */
function addressOfNode(node: string): string | undefined {
  const [, bracketed] = /^\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?$/.exec(node) ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? bracketed : undefined;
  const [, dotted] = /^([0-9.]+)(?::\d{1,5})?$/.exec(node) ?? [];
  if (dotted !== undefined) return isIP(dotted) === 4 ? dotted : undefined;
  return isIP(node) === 6 && !node.includes('%') ? node : undefined;
}
