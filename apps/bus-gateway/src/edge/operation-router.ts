import {
  anonymous,
  asConcordatError,
  ConcordatError,
  correlationId,
  defaultTenant,
  hasScope,
  type OperationSpec,
  parsePositions,
  type Positions,
  type Principal,
} from '@concordat/contracts';
import {
  observeOperation,
  OperationDispatcher,
  type OperationHandlers,
  type OperationResult,
  parseInput,
} from '@concordat/runtime';
import type { Authorizer, Freshness } from '@concordat/directory';
import type { Authenticator } from './authenticate';
import { commandIdOf } from './command-id';
import type { PresentedProof } from './dpop-proof';
import type { LastSeenJob } from './last-seen.job';
import type { RefusalAudit } from './refusal-audit';
import type { ServiceCalls } from './service-calls';

/** A request at one of the doors, whatever its wire format. */
export interface EdgeRequest {
  readonly operation: OperationSpec;
  readonly input: unknown;
  readonly authorization: string | undefined;
  /** A proof of the key of the token, if any. */
  readonly proof?: PresentedProof | undefined;
  readonly idempotencyKey: string | undefined;
  /** `Concordat-Min-Position` */
  readonly minPosition: string | undefined;
  /** Correlation id of the caller's conversation. */
  readonly conversation: string | undefined;
  /** IP address of the caller. */
  readonly address: string | null;
  readonly signal: AbortSignal;
}

export interface EdgeAnswer {
  readonly output: unknown;
  readonly positions: Positions;
}

export interface RouterPorts {
  readonly authenticator: Authenticator;
  readonly freshness: Freshness;
  readonly authorizer: Pick<Authorizer, 'authorize'>;
  readonly services: ServiceCalls;
  /** Handlers of the operations that the gateway serves itself. */
  readonly handlers: OperationHandlers;
  readonly refusals: RefusalAudit;
  readonly lastSeen: Pick<LastSeenJob, 'note'>;
}

const waitMs = 1_000;

/**
 * The way of every request, the same for HTTP and gRPC: who asks, may they, is the input sound, then the handler here or
 * the service behind. Refusals are in the audit feed before they are answered.
 */
export class OperationRouter {
  readonly #local: OperationDispatcher;

  constructor(private readonly ports: RouterPorts) {
    this.#local = new OperationDispatcher(ports.handlers);
  }

  /** @throws ConcordatError */
  async route(request: EdgeRequest): Promise<EdgeAnswer> {
    const begun = performance.now();
    let outcome = 'ok';
    let principal: Principal | undefined;
    try {
      principal = await this.#authenticate(request);
      this.ports.lastSeen.note(principal);
      authorize(request.operation, principal);
      this.ports.authenticator.requireDelegated(principal, request.operation.name);
      return await this.#carryOut(request, principal);
    } catch (error) {
      const known = asConcordatError(error);
      outcome = known.code;
      await this.ports.refusals.record(known, request.operation.name, principal);
      throw known;
    } finally {
      observeOperation(request.operation.name, outcome, performance.now() - begun);
    }
  }

  async #authenticate({ operation, authorization, proof }: EdgeRequest): Promise<Principal> {
    return operation.caller === 'none'
      ? anonymous(defaultTenant)
      : this.ports.authenticator.authenticate(authorization, proof);
  }

  async #carryOut(request: EdgeRequest, asked: Principal): Promise<EdgeAnswer> {
    const { operation, signal } = request;
    const input = parseInput(operation, request.input);
    const conversation = conversationOf(request.conversation);
    const { minPosition, principal } = await this.#minPosition(request, asked);
    // Not before: whose a thing is, and what the policies say, may be what the caller waits for.
    this.ports.authorizer.authorize(operation, input, { principal, address: request.address });
    const commandId =
      operation.kind === 'command' ? commandIdOf(operation, principal, request.idempotencyKey) : null;
    const context = {
      principal,
      commandId,
      minPosition,
      conversation,
      traceparent: null,
      address: request.address,
    };
    const keyThumbprint = this.#provenKey(request);
    const result: OperationResult<unknown> =
      operation.service === 'bus'
        ? await this.#local.dispatch(operation.name, input, {
            ...context,
            signal,
            ...(keyThumbprint !== undefined && { keyThumbprint }),
          })
        : await this.ports.services.call(operation.name, input, context);
    const source = result.source ?? operation.service;
    return { output: result.output, positions: result.position ? { [source]: result.position } : {} };
  }

  /** Who asks for a token with a proof gets one that is bound to proofs. */
  #provenKey({ operation, proof }: EdgeRequest): string | undefined {
    if (operation.name !== 'auth.token' || !proof) return undefined;
    return this.ports.authenticator.provenKey(proof);
  }

  async #minPosition(
    { operation, minPosition: header }: EdgeRequest,
    principal: Principal,
  ): Promise<{ minPosition: Positions; principal: Principal }> {
    if (header === undefined) return { minPosition: {}, principal };
    const positions = parsePositions(header);
    if (!positions) {
      const errors = [
        { pointer: 'Concordat-Min-Position', message: 'must be <source>:<epoch>-<position>, …' },
      ];
      throw new ConcordatError('INPUT_INVALID', 'The header Concordat-Min-Position is malformed.', {
        errors,
      });
    }
    // What anybody may call asks nothing of the directory, and must not use up the places of those who wait for it.
    if (!positions['iam'] || operation.caller === 'none') return { minPosition: positions, principal };
    await this.ports.freshness.reached(positions['iam'], waitMs);
    // What has been reached may be the end of the caller's rights.
    const now = this.ports.authenticator.recheck(principal);
    authorize(operation, now);
    return { minPosition: positions, principal: now };
  }
}

/** @throws ConcordatError AGENT_REQUIRED, SCOPE_MISSING */
function authorize({ caller, scope, name }: OperationSpec, principal: Principal): void {
  if (caller === 'gateway') throw new ConcordatError('ROUTE_UNKNOWN');
  if (caller === 'agent' && principal.kind !== 'agent') throw new ConcordatError('AGENT_REQUIRED');
  if (scope !== undefined && !hasScope(principal, scope)) {
    throw new ConcordatError('SCOPE_MISSING', `${name} needs the scope "${scope}".`);
  }
}

/** @throws ConcordatError INPUT_INVALID: it is kept with every event, so it is as bounded as in a message */
function conversationOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  if (correlationId.safeParse(header).success) return header;
  const errors = [{ pointer: 'Concordat-Correlation-Id', message: 'must be 1–128 visible ASCII characters' }];
  throw new ConcordatError('INPUT_INVALID', 'The header Concordat-Correlation-Id is malformed.', { errors });
}
