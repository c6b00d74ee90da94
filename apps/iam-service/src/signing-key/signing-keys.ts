import { defaultTenant } from '@concordat/contracts';
import { ed25519PublicKey, hkdfSha256, keyId, privateKeyObject, toBase64url, utf8 } from '@concordat/crypto';
import type { CommandContexts, CommandRunner } from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import type { TokenSigner } from '../token/access-token';
import { signingKeyDecider } from './signing-key.decider';
import { signingKeyProjection } from './signing-key.projection';

/** Keys of the service itself live under a tenant that no caller can have. */
const serviceTenant = '~';
const generation = 1;

/** The keys that sign access tokens. The secret half never leaves this process; it is derived from a key of the keystore. */
export class SigningKeys {
  #current: TokenSigner | undefined;

  constructor(
    private readonly keystore: Keystore,
    private readonly runner: CommandRunner,
    private readonly contexts: CommandContexts,
  ) {}

  /** @throws Error before `start` */
  get current(): TokenSigner {
    if (!this.#current) throw new Error('the signing keys were not started');
    return this.#current;
  }

  /** Makes the key of the first start, and announces it to the gateways by an event. */
  async start(): Promise<void> {
    const { key } = await this.keystore.obtain(serviceTenant, ['signing-key', String(generation)]);
    const seed = hkdfSha256(key, new Uint8Array(), utf8('concordat/access-token/ed25519'), 32);
    const publicKey = ed25519PublicKey(seed);
    const kid = keyId(publicKey);
    await this.runner.run(this.contexts.ofService('iam', defaultTenant), {
      stream: `signingKey/${generation}`,
      decider: signingKeyDecider,
      command: { publicKey: { alg: 'Ed25519', kid, value: toBase64url(publicKey) } },
      projection: signingKeyProjection,
    });
    this.#current = { kid, key: privateKeyObject(seed) };
  }
}
