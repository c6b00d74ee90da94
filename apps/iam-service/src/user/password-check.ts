import { ConcordatError, isConcordatError } from '@concordat/contracts';
import type { CommandContexts, CommandRunner } from '@concordat/eventsourcing';
import type { Logger } from '@concordat/runtime';
import type { PasswordHasher } from './password-hasher';
import { type JudgeLogin, userDecider } from './user.decider';
import { userProjection, userStream } from './user.projection';

export type LoginRefusal = 'unknown-user' | 'inactive-user' | 'no-password' | 'wrong-password' | 'locked';

export interface PasswordCheckPorts {
  readonly runner: CommandRunner;
  readonly contexts: CommandContexts;
  readonly hasher: PasswordHasher;
  readonly logger: Logger;
}

/** Whether a password is the one of a user, counted against guessing. */
export class PasswordCheck {
  /** Failures on their way into the store. */
  readonly #recording = new Set<Promise<unknown>>();

  constructor(private readonly ports: PasswordCheckPorts) {}

  /**
   * Takes as long whoever is asked for, known or not, locked or not: there is always one comparison, and a failure is
   * recorded while the answer is on its way.
   * @param id undefined: nobody has the address
   * @param site network that asks
   * @returns why not, for the audit trail only; undefined when the password is right
   * @throws ConcordatError OVERLOADED
   */
  async judge(
    tenant: string,
    id: string | undefined,
    password: string,
    site?: string,
  ): Promise<LoginRefusal | undefined> {
    const { runner, contexts, hasher } = this.ports;
    const user = await runner.stateOf(tenant, userStream(id ?? 'nobody'), userDecider);
    const hash = user?.status === 'active' ? user.passwordHash : null;
    const isRight = await hasher.verify(password, hash, site);
    if (!user) return 'unknown-user';
    if (user.status !== 'active') return 'inactive-user';
    if (hash === null) return 'no-password';
    const { time } = contexts.ofService('iam', tenant);
    if (user.lockedUntil !== null && time < user.lockedUntil) return 'locked';
    const judged = this.#judge(tenant, {
      ...{ kind: 'JudgeLogin', id: user.id, against: hash, isRight, now: time },
    });
    if (!isRight) {
      this.#record(judged);
      return 'wrong-password';
    }
    // Others may have guessed wrongly meanwhile: what is decided now, counts.
    if (!(await judged)) return 'locked';
    if (hasher.isOutdated(hash)) this.#record(this.#rehash(tenant, user.id, password, hash));
    return undefined;
  }

  /** Resolves when everything is recorded: before the process ends. */
  async settled(): Promise<void> {
    await Promise.all(this.#recording);
  }

  /** @returns false when it is refused by now */
  async #judge(tenant: string, command: JudgeLogin): Promise<boolean> {
    const { runner, contexts } = this.ports;
    const run = { stream: userStream(command.id), decider: userDecider, command, projection: userProjection };
    try {
      await runner.run(contexts.ofService('iam', tenant), run);
      return true;
    } catch (error) {
      if (isConcordatError(error, 'LOGIN_REFUSED')) return false;
      throw error;
    }
  }

  async #rehash(tenant: string, id: string, password: string, replaces: string): Promise<void> {
    const { runner, contexts, hasher } = this.ports;
    const passwordHash = await hasher.hash(password);
    await runner.run(contexts.ofService('iam', tenant), {
      stream: userStream(id),
      decider: userDecider,
      command: { kind: 'SetPassword', id, passwordHash, cause: 'rehashed', replaces },
      projection: userProjection,
    });
  }

  #record(work: Promise<unknown>): void {
    const recorded = work
      .catch((error: unknown) => {
        // A busy moment: the next login does it.
        const level = error instanceof ConcordatError && error.code === 'OVERLOADED' ? 'warn' : 'error';
        this.ports.logger[level]({ error }, 'a login was not recorded');
      })
      .finally(() => this.#recording.delete(recorded));
    this.#recording.add(recorded);
  }
}
