import {
  ConcordatError,
  findEvent,
  type OperationRequest,
  operations,
  type Principal,
} from '@concordat/contracts';
import { Directory } from '@concordat/directory';
import { startRedis } from '@concordat/processes';
import type { OperationContext } from '@concordat/runtime';
import { commandNode, type FeedEvent, whenReady } from '@concordat/streams';
import { agentPrincipal, directoryAgent, newAgent } from '@concordat/testing';
import { fire, type FiringPorts } from './firing';
import { ScheduleStore } from './schedule-store';
import { scheduleHandlers } from './schedule.handler';
import { repair } from './schedule.job';

type Create = Omit<OperationRequest<'schedule.create'>, 'message'>;

export const startMs = Date.parse('2026-03-01T00:00:00.000Z');
export const owner = newAgent();
export const agent = agentPrincipal(owner.did);
export const every = { everySeconds: 10 };
export const refuse =
  (code: 'POLICY_DENIED' | 'QUOTA_EXCEEDED' | 'RECIPIENT_UNKNOWN' | 'SERVICE_UNAVAILABLE') => () => {
    throw new ConcordatError(code);
  };
export const code = (asked: Promise<unknown>): Promise<string> =>
  asked.then(() => 'ok').catch((error: { code: string }) => error.code);

const allow = (): void => undefined;

/** Schedules over a real Redis, with a clock, a directory and a bus of their own: for specs only. */
export class ScheduleBench {
  nowMs = startMs;
  directory = new Directory();
  fed: FeedEvent[] = [];
  planned: number[] = [];
  forgotten: number[] = [];
  sent: string[] = [];
  over: Partial<FiringPorts> = {};
  #commands = 0;

  private constructor(
    readonly redis: ReturnType<typeof commandNode>,
    readonly store: ScheduleStore,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(): Promise<ScheduleBench> {
    const server = await startRedis();
    const redis = commandNode({ url: server.url, name: 'test' });
    await whenReady(redis, 5_000);
    return new ScheduleBench(redis, new ScheduleStore(redis), async () => {
      redis.disconnect();
      await server.stop();
    });
  }

  async reset(): Promise<void> {
    await this.redis.flushall();
    Object.assign(this, { nowMs: startMs, fed: [], planned: [], forgotten: [], sent: [], over: {} });
    this.directory = new Directory();
    this.directory.put({ epoch: 1, position: 1 }, directoryAgent(owner, { tenant: 'default' }));
  }

  readonly clock = { now: () => new Date(this.nowMs), nowMs: () => this.nowMs };
  readonly feed = {
    append: async (event: FeedEvent): Promise<void> => {
      findEvent(event.spec.type)!.data.parse(event.data);
      this.fed.push(event);
    },
  };
  readonly plan = async (_tenant: string, _id: string, atMs: number): Promise<void> =>
    void this.planned.push(atMs);
  readonly forget = async (_id: string, atMs: number): Promise<void> => void this.forgotten.push(atMs);

  ports(): FiringPorts {
    const { store, feed, clock, directory, plan } = this;
    return {
      ...{ store, feed, clock, directory, plan, freshness: { require: allow } },
      ...{ authorizer: { authorize: allow }, limits: { admitMessages: async () => undefined } },
      send: async (_input, { commandId }) => {
        this.sent.push(commandId!);
        const id = 'msg-1-0-0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a';
        return { output: { id, status: 'PENDING', durability: 'unknown' }, position: null };
      },
      ...this.over,
    };
  }

  handlers() {
    const { store, plan, forget, feed, clock } = this;
    return scheduleHandlers({
      store,
      queue: { plan, forget },
      feed,
      authorizer: this.ports().authorizer,
      clock,
    });
  }

  context(principal: Principal, commandId = `command ${++this.#commands}`): OperationContext {
    return {
      ...{ operation: 'schedule.create', principal, commandId, minPosition: {} },
      ...{ conversation: null, traceparent: null, address: null },
    };
  }

  async create(times: Create, principal: Principal = agent, commandId?: string, payload = 'x') {
    const message = { to: owner.did, type: 'EVENT' as const, payload };
    const input = operations['schedule.create'].input.parse({ message, ...times });
    return (await this.handlers()['schedule.create'](input, this.context(principal, commandId))).output;
  }

  async get(id: string, principal: Principal = agent) {
    return (await this.handlers()['schedule.get']({ id }, this.context(principal))).output;
  }

  async delete(id: string, principal: Principal = agent): Promise<void> {
    await this.handlers()['schedule.delete']({ id }, this.context(principal));
  }

  async resume(id: string, principal: Principal = agent) {
    return (await this.handlers()['schedule.resume']({ id }, this.context(principal))).output;
  }

  /** Lets time pass until a planned time, and a while beyond it. */
  fireAt(id: string, atMs: number, lateMs = 5): Promise<void> {
    this.nowMs = atMs + lateMs;
    return fire(this.ports(), 'default', id, atMs);
  }

  repair(): Promise<void> {
    return repair({ ...this.ports(), forget: this.forget });
  }

  /** The events in the feed: created, fired, skipped, resumed, deleted. */
  told(): string[] {
    return this.fed.map(({ spec }) => spec.type.split('.')[3]!);
  }
}
