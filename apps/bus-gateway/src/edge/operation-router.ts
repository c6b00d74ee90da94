import {
  anonymous,
  asConcordatError,
  ConcordatError,
  defaultTenant,
  isChunked,
  type OperationSpec,
  parsePositions,
  type Positions,
  type Principal,
} from '@concordat/contracts';
import type { Authorizer, Freshness } from '@concordat/directory';
import {
  observeOperation,
  OperationDispatcher,
  type OperationHandlers,
  type OperationResult,
  parseInput,
} from '@concordat/runtime';
import type { Limits } from '../limits/limits';
import { conversationOf, ownerOf, requireScope } from './admission';
import type { Authenticator } from './authenticate';
import { openChunks } from './chunks';
import { commandIdOf } from './command-id';
import type {
  Credentials,
  EdgeAnswer,
  EdgeConnection,
  EdgeItem,
  EdgeRequest,
  EdgeStream,
} from './edge-request';
import { Grants } from './grants';
import { inLanes } from './in-lanes';
import type { LastSeenJob } from './last-seen.job';
import type { OpenStream, OpenStreams } from './open-streams';
import type { RefusalAudit } from './refusal-audit';
import type { ServiceCalls } from './service-calls';
import { untilAborted } from './until-aborted';

export interface RouterPorts {
  readonly authenticator: Authenticator;
  readonly freshness: Freshness;
  readonly authorizer: Pick<Authorizer, 'authorize'>;
  readonly services: ServiceCalls;
  /** Handlers of the operations that the gateway serves itself. */
  readonly handlers: OperationHandlers;
  readonly refusals: RefusalAudit;
  readonly lastSeen: Pick<LastSeenJob, 'note'>;
  readonly limits: Pick<Limits, 'admitRequest' | 'admitMessages'>;
  readonly streams: OpenStreams;
}

/** Who asks, once it is known. */
interface Caller {
  principal?: Principal;
}

const waitMs = 1_000;
/** In metrics and in the audit feed: a connection that was not for one operation. */
const connectName = 'gateway.connect';

/**
 * The way of every request, the same at all doors: who asks, may they, is the input sound, then the handler here or the
 * service behind. Refusals are in the audit feed before they are answered.
 */
export class OperationRouter {
  readonly #local: OperationDispatcher;

  constructor(private readonly ports: RouterPorts) {
    this.#local = new OperationDispatcher(ports.handlers);
  }

  /** @throws ConcordatError */
  async route(request: EdgeRequest): Promise<EdgeAnswer> {
    const caller: Caller = {};
    return this.#observed(request.operation.name, caller, async () =>
      this.#carryOut(request, await this.#enter(request, caller)),
    );
  }

  /**
   * Carries out what one request asks several times: who asks is proven once, and each item is answered or refused by
   * itself.
   * @param read the items, or why one is none; called once the caller may ask at all, and throws when there are none to be had
   * @returns an answer or a refusal for each item, in their order
   * @throws ConcordatError when the caller is refused, or the request as a whole
   */
  async routeEach(
    request: Omit<EdgeRequest, 'input' | 'idempotencyKey'>,
    read: () => Promise<readonly (EdgeItem | ConcordatError)[]>,
  ): Promise<(EdgeAnswer | ConcordatError)[]> {
    const { name } = request.operation;
    const caller: Caller = {};
    const { items, principal } = await this.#refusing(name, caller, async () => {
      const asked = await this.#enter(request, caller);
      return { items: await read(), principal: (await this.#minPosition(request, asked)).principal };
    });
    return inLanes(items, (item) =>
      this.#observed(name, caller, async () => {
        if (item instanceof Error) throw item;
        return this.#carryOut({ ...request, ...item, minPosition: undefined }, principal);
      }).catch(asConcordatError),
    );
  }

  /**
   * Opens a stream. Its caller is judged like that of any request now, and again for as long as it is open.
   * @throws ConcordatError; later ones are thrown by the items
   */
  open(request: EdgeRequest): Promise<EdgeStream> {
    const { operation, signal } = request;
    const { services } = this.ports;
    const caller: Caller = {};
    return this.#observed(operation.name, caller, async () => {
      const asked = await this.#enter(request, caller);
      const { input, context } = await this.#examine(request, asked);
      let principal = asked;
      const open = this.#openFor(principal, signal, () => {
        principal = this.#recheck(request, input, principal);
      });
      const { onGrant, grant } = new Grants();
      const items = isChunked(operation)
        ? await openChunks({ services, open, operation, input, context: () => ({ ...context, principal }) })
        : this.#local.stream(operation, input, { ...context, signal: open.signal, onGrant });
      return { grant, input, items: this.#guarded(items, operation, open, () => principal) };
    });
  }

  /**
   * Lets a connection in that requests will come over, all of one operation or of any.
   * @throws ConcordatError
   */
  connect(credentials: Credentials, signal: AbortSignal, operation?: OperationSpec): Promise<EdgeConnection> {
    const { authenticator, lastSeen, limits } = this.ports;
    const known: Caller = {};
    return this.#observed(operation?.name ?? connectName, known, async () => {
      let principal = await authenticator.authenticate(credentials.authorization, credentials.proof);
      known.principal = principal;
      lastSeen.note(principal);
      await limits.admitRequest(principal, credentials.address);
      const caller = (): Principal => (principal = authenticator.recheck(principal));
      const admit = (): void => operation && this.#admit(operation, principal);
      admit();
      const open = this.#openFor(principal, signal, () => {
        lastSeen.note(caller());
        admit();
      });
      return { caller, signal: open.signal, close: () => open.close() };
    });
  }

  #openFor(principal: Principal, signal: AbortSignal, judge: () => void): OpenStream {
    const open = this.ports.streams.open(ownerOf(principal), judge);
    const close = (): void => open.close();
    if (signal.aborted) close();
    else signal.addEventListener('abort', close, { once: true });
    open.signal.addEventListener('abort', () => signal.removeEventListener('abort', close));
    return open;
  }

  async *#guarded(
    items: AsyncIterable<unknown>,
    operation: OperationSpec,
    open: OpenStream,
    principal: () => Principal,
  ): AsyncGenerator<unknown> {
    try {
      for await (const item of untilAborted(items, open.signal)) {
        await this.ports.streams.whenFresh(open.signal);
        open.require();
        yield item;
      }
    } catch (error) {
      const known = asConcordatError(error);
      await this.ports.refusals.record(known, operation.name, principal());
      throw known;
    } finally {
      open.close();
    }
  }

  /** Who asks, and whether it may ask this at all. */
  async #enter(request: Omit<EdgeRequest, 'input' | 'idempotencyKey'>, caller: Caller): Promise<Principal> {
    const { operation, connection, authorization, proof, address } = request;
    const { authenticator, freshness, lastSeen, limits } = this.ports;
    // What anybody may call asks nothing of the directory.
    if (connection && operation.caller !== 'none') await freshness.whenFresh();
    const principal =
      operation.caller === 'none'
        ? anonymous(defaultTenant)
        : (connection?.caller() ?? (await authenticator.authenticate(authorization, proof)));
    caller.principal = principal;
    lastSeen.note(principal);
    await limits.admitRequest(principal, address);
    this.#admit(operation, principal);
    return principal;
  }

  #admit(operation: OperationSpec, principal: Principal): void {
    requireScope(operation, principal);
    this.ports.authenticator.requireDelegated(principal, operation.name);
  }

  /** Counts it, however it ends. */
  async #observed<T>(name: string, caller: Caller, run: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    const result = await this.#refusing(name, caller, run);
    observeOperation(name, 'ok', performance.now() - begun);
    return result;
  }

  /** Counts refusals, and has them audited before they are answered. */
  async #refusing<T>(name: string, caller: Caller, run: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    try {
      return await run();
    } catch (error) {
      const known = asConcordatError(error);
      observeOperation(name, known.code, performance.now() - begun);
      await this.ports.refusals.record(known, name, caller.principal);
      throw known;
    }
  }

  async #carryOut(request: EdgeRequest, asked: Principal): Promise<EdgeAnswer> {
    const { operation, signal, proof } = request;
    const { input, context } = await this.#examine(request, asked);
    const { principal } = context;
    if (operation.messages)
      await this.ports.limits.admitMessages(principal, operation.messages(input as Record<string, unknown>));
    // Who asks for a token with a proof gets one that is bound to proofs.
    const keyThumbprint =
      operation.name === 'auth.token' && proof ? await this.ports.authenticator.provenKey(proof) : undefined;
    const recheck = async (): Promise<Principal> => {
      await this.ports.freshness.whenFresh();
      return this.#recheck(request, input, principal);
    };
    const result: OperationResult<unknown> =
      operation.service === 'bus'
        ? await this.#local.carryOut(operation, input, { ...context, signal, recheck, keyThumbprint })
        : await this.ports.services.call(operation.name, input, context);
    const source = result.source ?? operation.service;
    return { output: result.output, positions: result.position ? { [source]: result.position } : {} };
  }

  /** What is asked, and whether this caller may ask it. */
  async #examine(request: EdgeRequest, asked: Principal) {
    const { operation, address } = request;
    const given: unknown = typeof request.input === 'function' ? await request.input() : request.input;
    const input = parseInput(operation, given);
    const conversation = conversationOf(request.conversation);
    const { minPosition, principal } = await this.#minPosition(request, asked);
    // Not before: whose a thing is, and what the policies say, may be what the caller waits for.
    this.ports.authorizer.authorize(operation, input, { principal, address });
    const commandId =
      operation.kind === 'command' ? commandIdOf(operation, principal, request.idempotencyKey) : null;
    const context = { principal, commandId, minPosition, conversation, traceparent: null, address };
    return { input, context };
  }

  /** Whether what was let in would still be. @returns whom it speaks for now @throws ConcordatError */
  #recheck({ operation, address }: EdgeRequest, input: unknown, asked: Principal): Principal {
    const { authenticator, authorizer } = this.ports;
    const principal = authenticator.recheck(asked);
    this.#admit(operation, principal);
    authorizer.authorize(operation, input, { principal, address });
    return principal;
  }

  async #minPosition(
    { operation, minPosition: header }: Pick<EdgeRequest, 'operation' | 'minPosition'>,
    principal: Principal,
  ): Promise<{ minPosition: Positions; principal: Principal }> {
    if (header === undefined) return { minPosition: {}, principal };
    const positions = parsePositions(header);
    if (!positions) {
      const errors = [
        { pointer: 'Concordat-Min-Position', message: 'must be <source>:<epoch>-<position>, …' },
      ];
      const detail = 'The header Concordat-Min-Position is malformed.';
      throw new ConcordatError('INPUT_INVALID', detail, { errors });
    }
    // What anybody may call asks nothing of the directory, and must not use up the places of those who wait for it.
    if (!positions['iam'] || operation.caller === 'none') return { minPosition: positions, principal };
    await this.ports.freshness.reached(positions['iam'], waitMs);
    await this.ports.freshness.whenFresh();
    // What has been reached may be the end of the caller's rights.
    const now = this.ports.authenticator.recheck(principal);
    requireScope(operation, now);
    return { minPosition: positions, principal: now };
  }
}
