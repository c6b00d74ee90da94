import { randomInt } from 'node:crypto';
import { limits, type OperationOutput, type OperationRequest, type Positions } from '@concordat/contracts';
import { type EventVerdict, verifyEvent, type VerifyOptions } from './audit-proof';
import { Caller, type CallerOptions, type CallOptions, type PublicOperationName } from './call/caller';
import { Gateways } from './call/gateways';
import { PositionMemory } from './call/position-memory';
import { Transport } from './call/transport';
import type { Answer } from './call/wire-answer';
import { systemClock } from './clock';
import { AccessToken, apiKeyAuthorizer } from './credential/access-token';
import { type AgentKey } from './credential/agent-key';
import { type KnownCredential, readCredential } from './credential/credential';
import { exchange, shakeHands } from './credential/handshake';
import { type KeyProver, keyProver } from './credential/key-proof';
import { UserSession } from './credential/user-session';
import { type MessageHandler, type SubscribeOptions, Subscription } from './inbox/subscription';
import { bindGroup, type Group, type Groups, groups, type Invoke } from './operation-groups';
import type { ConcordatOptions } from './options';

/** A full fetch of messages of the largest size, with what surrounds them. */
const answerBytes = limits.inboxFetchItems * (limits.jsonBytes + 4_096);
const uniform = (): number => randomInt(2 ** 32) / 2 ** 32;

/**
 * A client of Concordat. Every operation of the catalogue is called by `call`; the groups give the everyday ones short
 * names. Safe to share; needs no closing.
 */
export class Concordat {
  readonly agents: Group<Groups['agents']>;
  readonly agentTypes: Group<Groups['agentTypes']>;
  readonly apiKeys: Group<Groups['apiKeys']>;
  readonly policies: Group<Groups['policies']>;
  readonly delegations: Group<Groups['delegations']>;
  readonly signingKeys: Group<Groups['signingKeys']>;
  readonly users: Group<Groups['users']>;
  readonly sessions: Group<Groups['sessions']>;
  readonly messages: Group<Groups['messages']>;
  readonly inbox: Group<Groups['inbox']> & {
    /** Hands every message to the handler, once, and acknowledges it after that; see `Subscription`. */
    subscribe(handler: MessageHandler, options?: SubscribeOptions): Subscription;
  };
  readonly audit: Group<Groups['audit']> & {
    /** Proves that an event is in the audit log, offline; see `verifyEvent`. */
    verify(eventId: string, options: VerifyOptions): Promise<EventVerdict>;
  };
  readonly #agent: AgentKey | undefined;
  readonly #token: AccessToken | undefined;
  readonly #caller: Caller;
  readonly #positions: PositionMemory | undefined;
  readonly #invoke: Invoke;

  /** @throws TypeError for a URL or a credential that is none */
  constructor(options: ConcordatOptions) {
    const { credential, timeouts = {}, clock = systemClock, random = uniform } = options;
    const known = credential === undefined ? undefined : readCredential(credential);
    this.#agent = known && 'agent' in known ? known.agent : undefined;
    this.#positions = (options.readYourWrites ?? true) ? new PositionMemory() : undefined;
    const ports = {
      transport: new Transport({
        gateways: new Gateways(options.url),
        fetch: options.fetch ?? globalThis.fetch,
        clock,
        answerBytes: options.limits?.answerBytes ?? answerBytes,
      }),
      ...{ clock, random, positions: this.#positions },
      onRetry: options.onRetry ?? (() => undefined),
      attemptMs: timeouts.attemptMs ?? 10_000,
      totalMs: timeouts.totalMs ?? 30_000,
    };
    const prover = this.#agent && keyProver(this.#agent.secretKey, Date.now);
    this.#token = known && tokenOf(known, ports, prover);
    const authorizer = known && 'apiKey' in known ? apiKeyAuthorizer(known.apiKey) : this.#token;
    this.#caller = new Caller({ ...ports, authorizer, prover });
    this.#invoke = (name, input, callOptions) => this.call(name, input, callOptions);
    this.agents = bindGroup(this.#invoke, groups.agents);
    this.agentTypes = bindGroup(this.#invoke, groups.agentTypes);
    this.apiKeys = bindGroup(this.#invoke, groups.apiKeys);
    this.policies = bindGroup(this.#invoke, groups.policies);
    this.delegations = bindGroup(this.#invoke, groups.delegations);
    this.signingKeys = bindGroup(this.#invoke, groups.signingKeys);
    this.users = bindGroup(this.#invoke, groups.users);
    this.sessions = bindGroup(this.#invoke, groups.sessions);
    this.messages = bindGroup(this.#invoke, groups.messages);
    this.inbox = {
      ...bindGroup(this.#invoke, groups.inbox),
      subscribe: (handler, over) => new Subscription({ invoke: this.#invoke, clock, random }, handler, over),
    };
    this.audit = {
      ...bindGroup(this.#invoke, groups.audit),
      verify: (eventId, over) => verifyEvent(this.#invoke, eventId, over),
    };
  }

  /** DID of the agent; undefined for anybody else. */
  get did(): string | undefined {
    return this.#agent?.did;
  }

  /** The highest positions seen: given to another client as `minPosition`, it reads what was written here. */
  get positions(): Positions {
    return this.#positions?.positions ?? {};
  }

  /** Calls any operation of the catalogue. @throws ConcordatProblem; the reason of the signal when that fires */
  async call<N extends PublicOperationName>(
    name: N,
    input: OperationRequest<N>,
    options?: CallOptions,
  ): Promise<OperationOutput<N>> {
    return (await this.callWithMeta(name, input, options)).output;
  }

  /** The same, with what came with the answer. */
  callWithMeta<N extends PublicOperationName>(
    name: N,
    input: OperationRequest<N>,
    options?: CallOptions,
  ): Promise<Answer<OperationOutput<N>>> {
    return this.#caller.call(name, input, options);
  }

  /** Whom the credential belongs to, and what it may do. */
  whoami(options?: CallOptions): Promise<OperationOutput<'auth.whoami'>> {
    return this.call('auth.whoami', {}, options);
  }

  /**
   * Does the handshake, or the login of a user, now; calls do it by themselves when they need it.
   * @returns how long the token is good for, seconds
   * @throws ConcordatProblem HANDSHAKE_REFUSED, LOGIN_REFUSED, …; TypeError for an API key
   */
  login(): Promise<number> {
    if (!this.#token)
      throw new TypeError(
        'Only an agent logs in: give credential.secretKey, or email and password of a user.',
      );
    return this.#token.renew();
  }

  /**
   * Memories and consents of a persona.
   * @param persona a DID or `communal`; default: the agent itself
   * @throws TypeError when there is no default
   */
  vault(persona: string | undefined = this.did): Group<Groups['vault'], 'persona'> {
    if (persona === undefined)
      throw new TypeError('vault: a client that is not an agent must name the persona.');
    return bindGroup(this.#invoke, groups.vault, { persona });
  }
}

/** Where the access tokens of a caller come from; undefined for an API key, which needs none. */
function tokenOf(
  known: KnownCredential,
  ports: Omit<CallerOptions, 'authorizer'>,
  prover: KeyProver | undefined,
): AccessToken | undefined {
  if ('agent' in known) return agentToken(known.agent, ports, prover!);
  if (!('user' in known)) return undefined;
  const session = new UserSession(new Caller({ ...ports, authorizer: undefined }), known.user);
  return new AccessToken(() => session.obtain(), ports.clock);
}

/** The own token of the agent, or with a delegation the one that it is traded for. */
function agentToken(key: AgentKey, ports: Omit<CallerOptions, 'authorizer'>, prover: KeyProver): AccessToken {
  const stranger = new Caller({
    ...{ ...ports, authorizer: undefined, prover: key.proof === 'dpop' ? prover : undefined },
  });
  const own = new AccessToken(() => shakeHands(stranger, key), ports.clock);
  if (key.delegation === undefined) return own;
  const receiver = new Caller({ ...ports, authorizer: own, prover });
  return new AccessToken(() => exchange(receiver, key.delegation!), ports.clock);
}
