import { startTelemetry } from '@concordat/runtime';
import { eventually, newAgent, type TestAgent } from '@concordat/testing';
import { type DoorBench, startDoorBench } from '../door.fixture';

export type ReceivedEvent = Record<string, unknown> & { readonly deliverytoken: string };

export const structured = 'application/cloudevents+json';
export const batch = 'application/cloudevents-batch+json';

/** A gateway with an agent that sends events and one that receives them. */
export interface EventDoor {
  readonly bench: DoorBench;
  readonly url: string;
  readonly sender: TestAgent;
  readonly authorization: string;
  /** Another event to the receiver, each time. */
  event(over?: object): Record<string, unknown>;
  post(body: unknown, type?: string, headers?: object): Promise<Response>;
  get(query?: string, headers?: object): Promise<Response>;
  ack(...tokens: string[]): Promise<void>;
  /** The one event that waits, in structured mode; it is acknowledged. */
  take(): Promise<ReceivedEvent>;
  stop(): Promise<void>;
}

export async function startEventDoor(): Promise<EventDoor> {
  const endTelemetry = startTelemetry({
    serviceName: 'bus',
    instance: 'bus-1',
    endpoint: undefined,
    sampleRatio: 0,
  });
  const doors = await startDoorBench();
  const url = `${doors.gateway.url}/v1/events`;
  const sender = newAgent();
  await doors.iam.register(sender);
  const authorization = await doors.iam.bearer(sender.did);
  const receiver = { authorization: doors.authorization.agent };
  let count = 0;
  const get = (query = '', headers: object = {}): Promise<Response> =>
    eventually(async () => {
      const answer = await fetch(url + query, { headers: { ...receiver, ...headers } });
      // "Not now" is no answer to what these specs ask.
      if (answer.status === 503) throw new Error(await answer.text());
      return answer;
    });
  const ack = async (...tokens: string[]): Promise<void> => {
    const answer = await fetch(`${doors.gateway.url}/v1/inbox/ack`, {
      ...{ method: 'POST', body: JSON.stringify({ tokens }) },
      headers: { ...receiver, 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(200);
  };
  return {
    ...{ bench: doors, url, sender, authorization, get, ack },
    event: (over = {}) => ({
      ...{ specversion: '1.0', id: `e-${++count}`, source: '/sensors/7', type: 'com.example.read' },
      ...{ to: doors.agent.did, ...over },
    }),
    post: (body, type = structured, headers = {}) =>
      fetch(url, {
        method: 'POST',
        body: (body instanceof Uint8Array || typeof body === 'string'
          ? body
          : JSON.stringify(body)) as string,
        headers: { authorization, 'content-type': type, ...headers },
      }),
    take: async () => {
      const answer = await get();
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        200,
        `${structured}; charset=utf-8`,
      ]);
      const found = (await answer.json()) as ReceivedEvent;
      await ack(found.deliverytoken);
      return found;
    },
    stop: async () => {
      await doors.stop();
      await endTelemetry();
    },
  };
}
