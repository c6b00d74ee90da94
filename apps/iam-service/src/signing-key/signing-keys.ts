import { type AlgorithmValue, defaultTenant, limits } from '@concordat/contracts';
import { ed25519PublicKey, hkdfSha256, keyId, privateKeyObject, toBase64url, utf8 } from '@concordat/crypto';
import type {
  CommandContext,
  CommandContexts,
  CommandOutcome,
  CommandRunner,
} from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import type { Clock } from '@concordat/runtime';
import type { Connection } from '@concordat/sqlite';
import type { TokenSigner } from '../token/access-token';
import { type SigningKeyCommand, signingKeyDecider, type SigningKeyState } from './signing-key.decider';
import { latestGeneration, signingKeyProjection, signingKeysInUse } from './signing-key.projection';

/** Keys of the service itself live under a tenant that no caller can have. */
const serviceTenant = '~';

/** All keys are one history; it is called as it was when there was one key. */
const stream = 'signingKey/1';

const leadMs = limits.signingKeyLeadSeconds * 1_000;
/** No token lives longer after its key has ceased to sign. */
const tokenMs = (limits.accessTokenSeconds + limits.clockSkewSeconds) * 1_000;

export interface SigningKeyPorts {
  readonly db: Connection;
  readonly keystore: Keystore;
  readonly runner: CommandRunner;
  readonly contexts: CommandContexts;
  readonly clock: Clock;
}

interface HeldKey extends TokenSigner {
  readonly generation: number;
  readonly activatedAtMs: number;
}

/**
 * The keys that sign access tokens. Secret halves never leave this process; they are derived from keys of the keystore,
 * and destroyed with them. A new key is announced some seconds before it signs, so that no gateway meets a token by a key
 * that it has not heard of; and it is believed until the last token that it signed has ended.
 */
export class SigningKeys {
  /** Those that are not retired, the oldest first. */
  #held: readonly HeldKey[] = [];

  constructor(private readonly ports: SigningKeyPorts) {}

  /** The latest key that was announced long enough ago; the first one of all has nobody to wait for. @throws Error before `start` */
  get current(): TokenSigner {
    const now = this.ports.clock.nowMs();
    const current =
      this.#held.findLast(({ activatedAtMs }) => activatedAtMs + leadMs <= now) ?? this.#held[0];
    if (!current) throw new Error('the signing keys were not started');
    return current;
  }

  /** When the latest key was announced, ms since 1970. */
  get latestAtMs(): number {
    return this.#held.at(-1)!.activatedAtMs;
  }

  /** Makes the key of the first start. */
  async start(): Promise<void> {
    await this.#load();
    if (this.#held.length === 0)
      await this.rotate(this.ports.contexts.ofService('iam', defaultTenant), false);
  }

  /**
   * Makes the next key, and announces it to the gateways by an event.
   * @param revokePrevious the keys before it are not believed from this event on, and the new one signs at once
   * @returns the new key, with when it was announced and from when on it signs (RFC 3339)
   */
  async rotate(
    context: CommandContext,
    revokePrevious: boolean,
  ): Promise<{
    publicKey: AlgorithmValue;
    activatedAt: string;
    signsFrom: string;
    at: CommandOutcome<unknown>['at'];
  }> {
    const { publicKey } = await this.#derive(latestGeneration(this.ports.db) + 1);
    const { state, at } = await this.#run(context, { kind: 'ActivateSigningKey', publicKey, revokePrevious });
    const made = state.at(-1)!;
    const isAlone = state.every((key) => key === made || key.isRetired);
    const signsFrom = new Date(Date.parse(made.activatedAt) + (isAlone ? 0 : leadMs)).toISOString();
    return { publicKey: made.publicKey, activatedAt: made.activatedAt, signsFrom, at };
  }

  /** Retires keys whose last token has ended. @returns how many */
  async retireSuperseded(): Promise<number> {
    const now = this.ports.clock.nowMs();
    const kids = this.#held.flatMap(({ kid }, index) => {
      const next = this.#held[index + 1];
      return next && next.activatedAtMs + leadMs + tokenMs <= now ? [kid] : [];
    });
    if (kids.length === 0) return 0;
    await this.#run(this.ports.contexts.ofService('iam', defaultTenant), { kind: 'RetireSigningKeys', kids });
    return kids.length;
  }

  async #run(context: CommandContext, command: SigningKeyCommand): Promise<CommandOutcome<SigningKeyState>> {
    const run = { stream, decider: signingKeyDecider, command, projection: signingKeyProjection };
    const outcome = await this.ports.runner.run(context, run);
    await this.#load();
    return outcome;
  }

  async #load(): Promise<void> {
    const { db, keystore } = this.ports;
    const inUse = signingKeysInUse(db);
    const held = inUse.map(async ({ kid, generation, activatedAtMs }): Promise<HeldKey> => {
      const known = this.#held.find((key) => key.kid === kid);
      return known ?? { kid, generation, activatedAtMs, key: (await this.#derive(generation)).key };
    });
    const before = this.#held;
    this.#held = await Promise.all(held);
    const gone = before.filter(({ kid }) => !inUse.some((key) => key.kid === kid));
    for (const { generation } of gone) await keystore.destroy(serviceTenant, pathOf(generation));
  }

  async #derive(generation: number): Promise<{ key: TokenSigner['key']; publicKey: AlgorithmValue }> {
    const { key } = await this.ports.keystore.obtain(serviceTenant, pathOf(generation));
    const seed = hkdfSha256(key, new Uint8Array(), utf8('concordat/access-token/ed25519'), 32);
    const publicKey = ed25519PublicKey(seed);
    const value = { alg: 'Ed25519' as const, kid: keyId(publicKey), value: toBase64url(publicKey) };
    return { key: privateKeyObject(seed), publicKey: value };
  }
}

const pathOf = (generation: number) => ['signing-key', String(generation)] as const;
