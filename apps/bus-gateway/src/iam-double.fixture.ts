import {
  AgentErased,
  AgentRegistered,
  AgentRevoked,
  ApiKeyCreated,
  ApiKeyRevoked,
  chainParts,
  challengeText,
  ConcordatError,
  type DirectoryEntry,
  type EventEnvelope,
  eventId,
  type EventSpec,
  findEvent,
  formatPosition,
  limits,
  type OperationInput,
  type OperationName,
  origin,
  type Position,
  type Scope,
  SigningKeyActivated,
  sourceUri,
} from '@concordat/contracts';
import {
  apiKeyHash,
  chainHash,
  chainHeadBytes,
  chainStart,
  ed25519Verify,
  formatApiKey,
  fromBase64url,
  generateEd25519,
  jwkThumbprint,
  keyId,
  privateKeyObject,
  type Signer,
  toBase64url,
  utf8,
} from '@concordat/crypto';
import {
  commandConnection,
  ControlLanePublisher,
  RedisEventLog,
  type RequestFrame,
  whenReady,
} from '@concordat/streams';
import type { Bench, TestAgent } from '@concordat/testing';
import { SignJWT } from 'jose';
import { randomBytes, randomUUID } from 'node:crypto';
import { startServiceDouble } from './service-double.fixture';

const beatMs = 250;

export interface PublishOptions {
  readonly tenant?: string;
  /** Whether the event goes to the event stream now; withheld ones follow with `catchUp`. */
  readonly toStream?: boolean;
  /** Whether what takes a right away goes to the control lane. */
  readonly toLane?: boolean;
}

export interface TokenOptions {
  readonly tenant?: string;
  readonly scopes?: readonly Scope[];
  readonly issuedAtMs?: number;
  readonly position?: Position;
  /** The key that the token is bound to, base64url; that of the agent when not given. */
  readonly key?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
}

/**
 * Stands in for iam-service in specs: the same streams, signatures and sealed answers over the same Redis, but an
 * obedient history without a store. What it publishes, and when, is decided by the spec.
 */
export class IamDouble {
  readonly signingKey = generateEd25519();
  /** Answers of operations other than the snapshot and the handshake, and what was asked. */
  readonly answers: Partial<Record<OperationName, (request: RequestFrame) => unknown>> = {};
  readonly asked: RequestFrame[] = [];
  /** Entries in one chunk of the snapshot. */
  chunkItems = 3;
  readonly #history: EventEnvelope[] = [];
  readonly #entries = new Map<string, { at: Position; entry: DirectoryEntry }>();
  readonly #epoch = Date.now();
  #streamed = 0;
  #hash: Uint8Array = chainStart;
  #timer: NodeJS.Timeout | undefined;
  #lane: ControlLanePublisher;

  constructor(
    readonly log: RedisEventLog,
    private readonly makeLane: () => ControlLanePublisher,
    private readonly signer: Signer,
    private readonly close: () => Promise<void>,
  ) {
    this.#lane = makeLane();
  }

  /** Position of the last event, published or not. */
  get head(): Position {
    return this.#history.at(-1)?.at ?? origin;
  }

  beat(): Promise<void> {
    return this.#lane.publish(this.head, null);
  }

  startBeating(): void {
    this.stopBeating();
    this.#timer = setInterval(() => void this.beat().catch(() => undefined), beatMs);
  }

  stopBeating(): void {
    clearInterval(this.#timer);
  }

  /** A new process on the control lane: gateways take its first entry for the end of a hole. */
  restartLane(): void {
    this.#lane = this.makeLane();
  }

  async stop(): Promise<void> {
    this.stopBeating();
    await this.close();
  }

  activateSigningKey({ publicKey } = this.signingKey): Promise<Position> {
    const value = { alg: 'Ed25519' as const, kid: keyId(publicKey), value: toBase64url(publicKey) };
    this.#keep(`signingKey ${value.kid}`, {
      kind: 'signingKey',
      publicKey: value,
      activatedAt: new Date().toISOString(),
    });
    return this.publish(SigningKeyActivated, { publicKey: value });
  }

  register({ did, publicKey }: TestAgent, options: PublishOptions = {}): Promise<Position> {
    const publicKeys = [{ alg: 'Ed25519' as const, kid: keyId(publicKey), value: toBase64url(publicKey) }];
    const { tenant = 'default' } = options;
    const entry = { tenant, did, type: 'CLAUDE' as const, status: 'active' as const, publicKeys };
    this.#keep(`agent ${tenant} ${did}`, { kind: 'agent', ...entry });
    const personal = { name: null, metadata: null, controllerDid: null, relationshipType: 'owner' };
    return this.publish(AgentRegistered, { did, agentType: 'CLAUDE', publicKeys, ...personal }, options);
  }

  revoke(did: string, options: PublishOptions = {}): Promise<Position> {
    this.#change(`agent ${options.tenant ?? 'default'} ${did}`, { status: 'revoked' });
    return this.publish(AgentRevoked, { did, reason: 'unspecified' }, options);
  }

  erase(did: string, options: PublishOptions = {}): Promise<Position> {
    this.#change(`agent ${options.tenant ?? 'default'} ${did}`, { status: 'erased' });
    return this.publish(AgentErased, { did }, options);
  }

  async createApiKey(
    scopes: readonly Scope[],
    over: { expiresAt?: string; tenant?: string } = {},
  ): Promise<{ id: string; key: string; authorization: string }> {
    const { id, key } = formatApiKey(randomBytes(40));
    const { expiresAt = null, tenant = 'default' } = over;
    const facts = { id, hash: apiKeyHash(key), scopes: [...scopes], expiresAt };
    this.#keep(`apiKey ${id}`, { kind: 'apiKey', tenant, status: 'active', ...facts });
    await this.publish(ApiKeyCreated, { ...facts, name: 'spec' }, { tenant });
    return { id, key, authorization: `ApiKey ${key}` };
  }

  revokeApiKey(id: string, options: PublishOptions = {}): Promise<Position> {
    this.#change(`apiKey ${id}`, { status: 'revoked' });
    return this.publish(ApiKeyRevoked, { id }, options);
  }

  /** `Authorization` of a registered agent, without the handshake. */
  async bearer(did: string, options: TokenOptions = {}): Promise<string> {
    return `Bearer ${await this.token(did, options)}`;
  }

  token(
    did: string,
    { tenant = 'default', scopes = ['read', 'write'], ...rest }: TokenOptions = {},
  ): Promise<string> {
    const issuedAt = Math.floor((rest.issuedAtMs ?? Date.now()) / 1_000);
    const iam_position = formatPosition(rest.position ?? this.head);
    const entry = this.#entries.get(`agent ${tenant} ${did}`)?.entry;
    const key = rest.key ?? (entry?.kind === 'agent' ? entry.publicKeys[0]!.value : did);
    const bound = { roles: ['agent'], cnf: { jkt: jwkThumbprint(key) }, ...rest.claims };
    return new SignJWT({ tenant, scope: scopes.join(' '), iam_position, ...bound })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: keyId(this.signingKey.publicKey) })
      .setIssuer('concordat')
      .setAudience('concordat')
      .setSubject(did)
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + limits.accessTokenSeconds)
      .sign(privateKeyObject(this.signingKey.secretKey));
  }

  /** Writes an event into the history, and publishes it where it belongs. */
  async publish(
    spec: EventSpec,
    data: Record<string, unknown>,
    { tenant = 'default', toStream = true, toLane = true }: PublishOptions = {},
  ): Promise<Position> {
    const before = this.head;
    const at = { epoch: this.#epoch, position: this.#history.length + 1 };
    const facts = { id: eventId('iam', at), type: spec.type, source: sourceUri('iam'), at, prev: before };
    const unchained = {
      ...{
        ...facts,
        subject: spec.subject(data),
        time: new Date().toISOString(),
        tenant,
        actor: 'anonymous',
      },
      ...{ stream: 'spec/1', version: at.position, correlation: null, traceparent: null },
      data: JSON.stringify(data),
    };
    const prevHash = toBase64url(this.#hash);
    this.#hash = chainHash(this.#hash, ...chainParts(unchained));
    this.#history.push({ ...unchained, prevHash, hash: toBase64url(this.#hash), signatures: [] });
    if (toLane && findEvent(spec.type)?.control)
      await this.#lane.publish(before, { at, tenant, type: spec.type, data });
    if (toStream) await this.catchUp();
    return at;
  }

  /** Publishes what was withheld from the event stream. */
  async catchUp(): Promise<void> {
    const expected = this.#history[this.#streamed - 1]?.at ?? origin;
    const fresh = this.#history.slice(this.#streamed);
    const last = fresh.at(-1);
    if (!last) return;
    this.#streamed = this.#history.length;
    const signatures = await this.signer.sign(chainHeadBytes('iam', formatPosition(last.at), last.hash!));
    await this.log.append('iam', expected, [...fresh.slice(0, -1), { ...last, signatures }]);
  }

  /** Publishes everything again, into a Redis that lost it. */
  refill(): Promise<void> {
    this.#streamed = 0;
    return this.catchUp();
  }

  async handle(request: RequestFrame): Promise<{ output: unknown; position: Position }> {
    const { operation, input } = request;
    if (operation === 'directory.snapshot')
      return { output: this.#chunk(input as { cursor?: string }), position: this.head };
    this.asked.push(request);
    const answer = this.answers[operation as OperationName];
    if (answer) return { output: answer(request), position: this.head };
    if (operation !== 'handshake.redeem') throw new ConcordatError('NOT_FOUND');
    return { output: await this.#redeem(input as OperationInput<'handshake.redeem'>), position: this.head };
  }

  async #redeem({ did, tenant, nonce, expiresAt, signature }: OperationInput<'handshake.redeem'>) {
    const entry = this.#entries.get(`agent ${tenant} ${did}`)?.entry;
    const text = challengeText({ audience: 'concordat', tenant, did, nonce, expiresAt });
    const key =
      entry?.kind === 'agent' && entry.status === 'active' && fromBase64url(entry.publicKeys[0]!.value);
    if (!key || !ed25519Verify(fromBase64url(signature)!, utf8(text), key))
      throw new ConcordatError('HANDSHAKE_REFUSED');
    const accessToken = await this.token(did, { tenant });
    return { accessToken, tokenType: 'Bearer', expiresIn: limits.accessTokenSeconds };
  }

  #chunk({ cursor = '0' }: { cursor?: string }) {
    const from = Number(cursor);
    const items = [...this.#entries.values()].slice(from, from + this.chunkItems);
    const next = from + items.length;
    return { position: this.head, items, nextCursor: next < this.#entries.size ? String(next) : null };
  }

  #keep(name: string, entry: DirectoryEntry): void {
    this.#entries.set(name, { at: { epoch: this.#epoch, position: this.#history.length + 1 }, entry });
  }

  #change(name: string, change: object): void {
    const { entry } = this.#entries.get(name)!;
    this.#keep(name, { ...entry, ...change } as DirectoryEntry);
  }
}

/** Serves, beats, and has an active signing key. */
export async function startIamDouble(bench: Bench): Promise<IamDouble> {
  const redis = commandConnection({ url: bench.redis.rpc.url, name: 'iam-lane' });
  const durable = commandConnection({ url: bench.redis.durable.url, name: 'iam' });
  await Promise.all([redis, durable].map((connection) => whenReady(connection, 5_000)));
  const signer = bench.signers.iam;
  let starts = Date.now();
  const makeLane = () =>
    new ControlLanePublisher({ redis, signer, service: 'iam', startedAtMs: ++starts, nowMs: Date.now });
  const server = await startServiceDouble(bench, 'iam', (request) => double.handle(request));
  const double: IamDouble = new IamDouble(new RedisEventLog(durable, durable), makeLane, signer, async () => {
    await server.stop();
    for (const connection of [redis, durable]) connection.disconnect();
  });
  await double.activateSigningKey();
  double.startBeating();
  return double;
}
