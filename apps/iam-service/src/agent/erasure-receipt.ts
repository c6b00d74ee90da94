import { eventId, AgentErased, type SealedValue, sealedValue } from '@concordat/contracts';
import type { StoredEvent } from '@concordat/eventsourcing';
import { SignJWT } from 'jose';
import type { SigningKeys } from '../signing-key/signing-keys';

/** What an erasure consisted of: facts of the history, so that they are the same whenever they are asked for. */
export interface Erasure {
  /** RFC 3339 */
  readonly erasedAt: string;
  /** Id of the event that ordered it. */
  readonly event: string;
  /** Names of the keys that were destroyed, as they stand beside what they encrypted. */
  readonly keys: readonly string[];
}

/** @param history of the agent @throws Error when it was not erased */
export function erasureOf(history: readonly StoredEvent[], source: string): Erasure {
  const order = history.find(({ type }) => type === AgentErased.type);
  if (!order) throw new Error('the history holds no erasure');
  const sealed = history.flatMap(({ data }) => Object.values(JSON.parse(data) as object).filter(isSealed));
  const keys = [...new Set(sealed.map(({ kid }) => kid))];
  return { erasedAt: order.time, event: eventId(source, order.at), keys };
}

const isSealed = (value: unknown): value is SealedValue => sealedValue.safeParse(value).success;

const dayMs = 86_400_000;

export interface ReceiptPorts {
  readonly signingKeys: SigningKeys;
  readonly audience: string;
  /** For how long a backup of the keystore is kept; 0: none is made. */
  readonly keystoreBackupDays: number;
}

/** Signs what was erased, so that it can be shown to others: a JWS (RFC 7515) under a key of the JWKS. */
export class ErasureReceipts {
  constructor(private readonly ports: ReceiptPorts) {}

  async sign(tenant: string, did: string, { erasedAt, event, keys }: Erasure): Promise<string> {
    const { signingKeys, audience, keystoreBackupDays } = this.ports;
    const erasedMs = Date.parse(erasedAt);
    const recoverableUntil =
      keystoreBackupDays === 0 ? null : new Date(erasedMs + keystoreBackupDays * dayMs).toISOString();
    const { kid, key } = signingKeys.current;
    return new SignJWT({ tenant, erasedAt, event, destroyedKeys: keys, recoverableUntil })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'erasure-receipt+jwt', kid })
      .setIssuer(audience)
      .setSubject(did)
      .setIssuedAt(Math.floor(erasedMs / 1_000))
      .sign(key);
  }
}
