import { hash } from 'node:crypto';
import { fromBase64url, toBase64url } from './bytes';
import { canonicalJson } from './canonical-json';
import { leafHash } from './merkle';
import { verifyInclusion } from './merkle-verify';
import { type Checkpoint, openNote, parseCheckpoint, parseVerifierKey } from './signed-note';

/**
 * The leaf of the audit log: what is public of an event for ever, and commitments to the rest. The identifiers in it
 * are hashed with a salt that belongs to this one event; without the salt they tell nothing, and two events of one
 * subject cannot be linked. The salt is derived from a key that erasure destroys, so the leaf, the root and all proofs
 * stay what they were while nobody can open the leaf any more.
 */
export interface AuditLeaf {
  readonly v: 1;
  readonly id: string;
  readonly type: string;
  /** RFC 3339, as published */
  readonly time: string;
  /** base64url of SHA-256(salt ‖ "tenant:" ‖ tenant); `actor` and `subject` likewise */
  readonly tenant: string;
  readonly actor: string;
  readonly subject: string;
  /** base64url of SHA-256(salt ‖ canonical text of the whole event as published) */
  readonly claim: string;
  /** base64url of SHA-256 of the ciphertext that is stored for the event */
  readonly body: string;
}

export interface LeafInput {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly tenant: string;
  readonly actor: string;
  readonly subject: string;
  /** The whole event as published, in canonical JSON (RFC 8785), with the six fields above. */
  readonly event: string;
  /** 32 bytes */
  readonly salt: Uint8Array;
  /** SHA-256 of the stored ciphertext, 32 bytes */
  readonly body: Uint8Array;
}

const identifiers = ['tenant', 'actor', 'subject'] as const;
const headers = ['id', 'type', 'time'] as const;
const digests = [...identifiers, 'claim', 'body'] as const;
const fieldCount = 1 + headers.length + digests.length;

/** An entry of a C2SP tlog-tiles bundle has a length of 16 bits. */
const leafBytesLimit = 0xffff;
const digestBytes = 32;

// The label keeps identifiers and claims apart: canonical JSON of an event begins with a brace.
const identifierHash = (salt: Uint8Array, name: string, value: string): string =>
  saltedHash(salt, `${name}:${value}`);
const claimHash = (salt: Uint8Array, event: string): string => saltedHash(salt, event);

/** What is hashed, where it fits. Filled anew each time, so that nothing is allocated. */
const saltedBytes = Buffer.alloc(0x10000);

/** base64url of SHA-256(salt ‖ text), in one call: four of them are made for every event. */
function saltedHash(salt: Uint8Array, text: string): string {
  const length = salt.byteLength + Buffer.byteLength(text);
  const bytes =
    length > saltedBytes.byteLength ? Buffer.allocUnsafe(length) : saltedBytes.subarray(0, length);
  bytes.set(salt);
  bytes.write(text, salt.byteLength);
  return hash('sha256', bytes, 'base64url');
}

/** @returns the bytes of the leaf: canonical JSON @throws RangeError when it would have 64 KiB or more */
export function buildLeaf(input: LeafInput): Uint8Array {
  const { id, type, time, salt } = input;
  if (salt.byteLength !== digestBytes || input.body.byteLength !== digestBytes)
    throw new RangeError('the salt and the hash of the body have 32 bytes each');
  // Keys in canonical order: then JSON.stringify writes canonical JSON, several times faster than sorting does.
  const leaf: AuditLeaf = {
    actor: identifierHash(salt, 'actor', input.actor),
    body: toBase64url(input.body),
    claim: claimHash(salt, input.event),
    id,
    subject: identifierHash(salt, 'subject', input.subject),
    tenant: identifierHash(salt, 'tenant', input.tenant),
    time,
    type,
    v: 1,
  };
  const bytes = Buffer.from(JSON.stringify(leaf));
  if (bytes.byteLength > leafBytesLimit)
    throw new RangeError(`a leaf has at most ${leafBytesLimit} bytes, not ${bytes.byteLength}`);
  return bytes;
}

/** What `audit.inclusionProof` answers (contracts: inclusionBundle). */
export interface AuditBundle {
  readonly eventId: string;
  readonly logIndex: number;
  readonly treeSize: number;
  readonly leaf: string;
  readonly proof: readonly string[];
  readonly checkpoint: string;
  readonly disclosure: { readonly salt: string; readonly event: string } | null;
}

export type BundleVerdict =
  | {
      readonly ok: true;
      readonly leaf: AuditLeaf;
      readonly checkpoint: Checkpoint;
      /** Canonical text of the event; null when nothing is disclosed, because its subject was erased. */
      readonly event: string | null;
    }
  | { readonly ok: false; readonly reason: string };

/**
 * Checks, offline, that the event is in the log whose key is `vkey`: the checkpoint is signed by it, the leaf is at its
 * place below the root of the checkpoint, and what is disclosed is what the leaf commits to.
 * @param bundle from anybody; never throws for bad input
 * @param vkey C2SP signed-note verifier key, from a source that the log cannot change
 */
export function verifyInclusionBundle(bundle: AuditBundle, vkey: string): BundleVerdict {
  try {
    const checkpoint = openCheckpoint(bundle, vkey);
    const bytes = decode('leaf', bundle.leaf);
    requireIncluded(bundle, bytes, checkpoint);
    const leaf = readLeaf(bytes);
    if (leaf.id !== bundle.eventId) throw new Error('the leaf is that of another event');
    const event = bundle.disclosure && openDisclosure(bundle.disclosure, leaf);
    return { ok: true, leaf, checkpoint, event };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

function openCheckpoint({ checkpoint, treeSize }: AuditBundle, vkey: string): Checkpoint {
  const verifier = parseVerifierKey(vkey);
  const opened = parseCheckpoint(openNote(checkpoint, verifier));
  // A key signs for one log: a checkpoint of another log under the same key proves nothing about this one.
  if (opened.origin !== verifier.name) throw new Error('the checkpoint is of another log');
  if (opened.size !== treeSize) throw new Error('the checkpoint has another size than the bundle says');
  return opened;
}

function requireIncluded({ logIndex, proof }: AuditBundle, leaf: Uint8Array, checkpoint: Checkpoint): void {
  const path = proof.map((hash) => decode('proof', hash));
  if (!verifyInclusion(leafHash(leaf), logIndex, checkpoint.size, path, checkpoint.root))
    throw new Error('the leaf is not at its place in the tree of the checkpoint');
}

/** @throws Error when the bytes are not a leaf in its one canonical form */
function readLeaf(bytes: Uint8Array): AuditLeaf {
  if (bytes.byteLength > leafBytesLimit) throw new Error('the leaf is too large');
  const leaf = readCanonical('leaf', Buffer.from(bytes).toString('utf8'));
  const isLeaf =
    leaf['v'] === 1 &&
    Object.keys(leaf).length === fieldCount &&
    headers.every((name) => typeof leaf[name] === 'string') &&
    digests.every((name) => isDigest(leaf[name]));
  if (!isLeaf) throw new Error('the leaf is not one of version 1');
  return leaf as unknown as AuditLeaf;
}

function openDisclosure({ salt, event }: { salt: string; event: string }, leaf: AuditLeaf): string {
  const saltBytes = decode('salt', salt);
  if (saltBytes.byteLength !== digestBytes || claimHash(saltBytes, event) !== leaf.claim)
    throw new Error('the disclosed event is not the one that the leaf commits to');
  const fields = readCanonical('disclosed event', event);
  for (const name of headers) {
    if (fields[name] !== leaf[name]) throw new Error(`the leaf has another ${name} than the event`);
  }
  for (const name of identifiers) {
    const value = fields[name];
    if (typeof value !== 'string' || identifierHash(saltBytes, name, value) !== leaf[name])
      throw new Error(`the leaf has another ${name} than the event`);
  }
  return event;
}

/** One text per value: a second spelling of the same leaf or event would be a second truth. */
function readCanonical(what: string, text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || canonicalJson(value) !== text)
    throw new Error(`the ${what} is not an object in canonical JSON`);
  return value as Readonly<Record<string, unknown>>;
}

const isDigest = (value: unknown): boolean =>
  typeof value === 'string' && fromBase64url(value)?.byteLength === digestBytes;

function decode(what: string, text: string): Uint8Array {
  const bytes = fromBase64url(text);
  if (!bytes) throw new Error(`the ${what} is not base64url`);
  return bytes;
}
