import { actorOf, type Principal } from '@concordat/contracts';
import { canonicalJson, hmacSha256, toBase64url } from '@concordat/crypto';
import type { CommandContext } from './command-runner';

/** What a command needs to know of the request that brought it. */
export interface CommandRequest {
  readonly operation: string;
  readonly principal: Principal;
  readonly commandId: string | null;
  readonly conversation: string | null;
  readonly traceparent: string | null;
}

/** Makes the contexts of commands: time, actor, and the memo that tells a repetition from another request. */
export class CommandContexts {
  /** @param memoKey 32 bytes: digests are keyed, so that a store tells nothing about the content of requests */
  constructor(
    private readonly memoKey: Uint8Array,
    private readonly now: () => Date,
  ) {}

  /** @param tenant of what the command changes; the tenant of the caller when left out */
  of(request: CommandRequest, input: unknown, tenant: string = request.principal.tenant): CommandContext {
    const { commandId, operation, principal, conversation, traceparent } = request;
    const digest = (): Uint8Array =>
      hmacSha256(this.memoKey, canonicalJson([operation, actorOf(principal), input]));
    return {
      tenant,
      actor: actorOf(principal),
      time: this.now().toISOString(),
      correlation: conversation,
      traceparent,
      command: commandId === null ? null : { id: commandId, digest: digest() },
    };
  }

  /** The context of a command that the service gives itself; idempotent by its rules, so without a memo. */
  ofService(service: string, tenant: string): CommandContext {
    const time = this.now().toISOString();
    return { tenant, actor: `service:${service}`, time, correlation: null, traceparent: null, command: null };
  }

  /**
   * Bytes for an id that a repetition of the command finds again.
   * @param length at most 32
   */
  idFor(commandId: string, purpose: string, length: number): Uint8Array {
    return hmacSha256(this.memoKey, canonicalJson(['id', purpose, commandId])).slice(0, length);
  }

  /** A name that only this service can compute: for identifiers that must not tell what they stand for. */
  blindName(...parts: readonly string[]): string {
    return toBase64url(hmacSha256(this.memoKey, canonicalJson(['blind', ...parts])).slice(0, 16));
  }
}
