import { domainToASCII } from 'node:url';
import { z } from 'zod';

/** RFC 5321 §4.5.3.1: path of 256 octets with its brackets. */
const longest = 254;
/** Dot-atom of RFC 5322 §3.2.3, at most 64 octets (RFC 5321 §4.5.3.1.1). Quoted local parts and comments are refused. */
const localPart = /^(?=.{1,64}$)[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/** Host name of RFC 1123 §2.1; an intranet may have one label only. No address literals. */
const domain =
  /^(?=.{1,253}$)(?!\d+(\.\d+)*$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/**
 * One spelling for one mailbox: trimmed, NFC, in lower case, the domain in ASCII (UTS 46). The local part is lowered too:
 * RFC 5321 §2.4 would let `Ada@` and `ada@` be two people, no mail system of today does, and here one would be taken for
 * the other. For the same reason the local part is ASCII: look-alikes of other scripts are refused, not folded.
 */
export function normalEmail(text: string): string {
  const lower = text.trim().normalize('NFC').toLowerCase();
  const at = lower.lastIndexOf('@');
  return at < 0 ? lower : `${lower.slice(0, at)}@${asciiDomain(lower.slice(at + 1))}`;
}

/** Characters that would begin something else in a URL are left, for the pattern to refuse. */
const asciiDomain = (text: string): string =>
  /[^\x20-\x7e]/.test(text) && !/[/?#:@\\[\]%\s]/.test(text) ? domainToASCII(text) : text;

export function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  if (at < 1 || text.length > longest) return false;
  return localPart.test(text.slice(0, at)) && domain.test(text.slice(at + 1));
}

/** An email address as a caller writes it; read in its one spelling. */
export const emailAddress = z
  .string()
  .max(320)
  .overwrite(normalEmail)
  .refine(isEmail, 'must be an email address: name@example.org');
