import { randomInt } from 'node:crypto';
import { limits, type OperationOutput, type OperationRequest, type Positions } from '@concordat/contracts';
import { type EventVerdict, verifyEvent, type VerifyOptions } from './audit-proof';
import { type AuditEvent, followTrail, type TailFilter } from './audit-tail';
import {
  type Authorizer,
  Caller,
  type CallerOptions,
  type CallOptions,
  type PublicOperationName,
} from './call/caller';
import { Gateways } from './call/gateways';
import { PositionMemory } from './call/position-memory';
import { Transport } from './call/transport';
import type { Answer } from './call/wire-answer';
import { systemClock } from './clock';
import { AccessToken, fixedAuthorizer } from './credential/access-token';
import { type AgentKey } from './credential/agent-key';
import { type KnownCredential, readCredential } from './credential/credential';
import { exchange, shakeHands } from './credential/handshake';
import { type KeyProver, keyProver } from './credential/key-proof';
import { UserSession } from './credential/user-session';
import type { MessageHandler, SubscribeOptions } from './inbox/subscribe-options';
import { Subscription, type SubscriptionPorts } from './inbox/subscription';
import { Replies, type Reply } from './message/replies';
import { type Request, request, type RequestOptions } from './message/request';
import { signInput } from './message/signature';
import { bindGroup, type Group, type Groups, groups, type Invoke } from './operation-groups';
import type { ConcordatOptions } from './options';

type Fetch = SubscriptionPorts['fetch'];

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
  readonly bridges: Group<Groups['bridges']>;
  readonly limits: Group<Groups['limits']>;
  readonly policies: Group<Groups['policies']>;
  readonly delegations: Group<Groups['delegations']>;
  readonly signingKeys: Group<Groups['signingKeys']>;
  readonly users: Group<Groups['users']>;
  readonly sessions: Group<Groups['sessions']>;
  readonly messages: Group<Groups['messages']> & {
    /** Sends a message and waits for its reply, which comes to `inbox.subscribe` of this client; see `request`. */
    request(message: Request, options?: RequestOptions): Promise<Reply>;
  };
  readonly schedules: Group<Groups['schedules']>;
  readonly governance: Group<Groups['governance']>;
  readonly workflows: Group<Groups['workflows']>;
  readonly schemas: Group<Groups['schemas']>;
  readonly inbox: Group<Groups['inbox']> & {
    /** Hands every message to the handler, once, and acknowledges it after that; see `Subscription`. */
    subscribe(handler: MessageHandler, options?: SubscribeOptions): Subscription;
  };
  readonly topics: Group<Groups['topics']> & {
    /** The same for messages of a group, which `subscriptions.put` has made: its consumers share them. */
    subscribe(
      group: { readonly name: string; readonly group: string },
      handler: MessageHandler,
      options?: SubscribeOptions,
    ): Subscription;
  };
  readonly subscriptions: Group<Groups['subscriptions']>;
  readonly deadLetters: Group<Groups['deadLetters']>;
  readonly streams: Group<Groups['streams']>;
  readonly audit: Group<Groups['audit']> & {
    /** Proves that an event is in the audit log, offline; see `verifyEvent`. */
    verify(eventId: string, options: VerifyOptions): Promise<EventVerdict>;
    /** The bytes of an export as they come; `concordat audit verify-export` checks them. */
    export(
      input?: OperationRequest<'audit.export'>,
      options?: CallOptions,
    ): Promise<AsyncIterable<Uint8Array>>;
    /** The same of all that is known of one. */
    exportSubject(
      input: OperationRequest<'audit.subjectExport'>,
      options?: CallOptions,
    ): Promise<AsyncIterable<Uint8Array>>;
    /** Events as they enter the log, each once, through restarts of the gateways; see `followTrail`. */
    follow(filter?: TailFilter, options?: CallOptions): AsyncIterable<AuditEvent>;
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
    const authorizer = known && (fixedOf(known) ?? this.#token);
    this.#caller = new Caller({ ...ports, authorizer, prover });
    this.#invoke = (name, input, callOptions) => this.call(name, input, callOptions);
    this.agents = bindGroup(this.#invoke, groups.agents);
    this.agentTypes = bindGroup(this.#invoke, groups.agentTypes);
    this.apiKeys = bindGroup(this.#invoke, groups.apiKeys);
    this.bridges = bindGroup(this.#invoke, groups.bridges);
    this.limits = bindGroup(this.#invoke, groups.limits);
    this.policies = bindGroup(this.#invoke, groups.policies);
    this.delegations = bindGroup(this.#invoke, groups.delegations);
    this.signingKeys = bindGroup(this.#invoke, groups.signingKeys);
    this.users = bindGroup(this.#invoke, groups.users);
    this.sessions = bindGroup(this.#invoke, groups.sessions);
    this.schedules = bindGroup(this.#invoke, groups.schedules);
    this.governance = bindGroup(this.#invoke, groups.governance);
    this.workflows = bindGroup(this.#invoke, groups.workflows);
    this.schemas = bindGroup(this.#invoke, groups.schemas);
    const replies = new Replies();
    this.messages = {
      ...bindGroup(this.#invoke, groups.messages),
      request: (message, over) => request({ invoke: this.#invoke, clock, replies }, message, over),
    };
    const reader = { invoke: this.#invoke, clock, random };
    const fetchInbox: Fetch = (input, over) => this.#invoke('inbox.fetch', input, over);
    this.inbox = {
      ...bindGroup(this.#invoke, groups.inbox),
      subscribe: (handler, over) =>
        new Subscription({ ...reader, fetch: fetchInbox, replies }, handler, over),
    };
    this.topics = {
      ...bindGroup(this.#invoke, groups.topics),
      subscribe: (group, handler, over) => {
        const fetch: Fetch = (input, options) =>
          this.#invoke('subscription.fetch', { ...input, ...group }, options);
        return new Subscription({ ...reader, fetch }, handler, over);
      },
    };
    this.subscriptions = bindGroup(this.#invoke, groups.subscriptions);
    this.deadLetters = bindGroup(this.#invoke, groups.deadLetters);
    this.streams = bindGroup(this.#invoke, groups.streams);
    this.audit = {
      ...bindGroup(this.#invoke, groups.audit),
      verify: (eventId, over) => verifyEvent(this.#invoke, eventId, over),
      export: (input = {}, over) => this.#caller.open('audit.export', input, over),
      exportSubject: (input, over) => this.#caller.open('audit.subjectExport', input, over),
      follow: (filter, over) =>
        followTrail({ caller: this.#caller, invoke: this.#invoke, clock, random }, filter, over),
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
  async callWithMeta<N extends PublicOperationName>(
    name: N,
    input: OperationRequest<N>,
    options?: CallOptions,
  ): Promise<Answer<OperationOutput<N>>> {
    const sent = options?.sign === true ? await signInput(name, input, this.#agent) : input;
    return this.#caller.call(name, sent, options);
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
/** What stays the same as long as the client lives. */
function fixedOf(known: KnownCredential): Authorizer | undefined {
  if ('apiKey' in known) return fixedAuthorizer('ApiKey', known.apiKey);
  return 'accessToken' in known ? fixedAuthorizer('Bearer', known.accessToken) : undefined;
}

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
