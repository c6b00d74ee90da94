import { defaultTenant } from '@concordat/contracts';
import type { CommandContexts } from '@concordat/eventsourcing';
import { type Clock, type Logger, problemListener } from '@concordat/runtime';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { SigningKeys } from './signing-keys';

const intervalMs = 30_000;
const dayMs = 86_400_000;

/** Makes a new signing key when the latest one is old, and retires those that no token depends on any more. */
export class SigningKeyJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly keys: SigningKeys,
    private readonly contexts: CommandContexts,
    private readonly clock: Clock,
    private readonly days: number,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#turn = this.#turn.then(() => this.run()).catch(problemListener(this.logger, 'signing keys'));
    }, intervalMs).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#turn;
  }

  async run(): Promise<void> {
    if (this.keys.latestAtMs + this.days * dayMs <= this.clock.nowMs()) {
      const { publicKey } = await this.keys.rotate(this.contexts.ofService('iam', defaultTenant), false);
      this.logger.info({ kid: publicKey.kid }, 'a new signing key');
    }
    const retired = await this.keys.retireSuperseded();
    if (retired > 0) this.logger.info({ retired }, 'signing keys retired');
  }
}
