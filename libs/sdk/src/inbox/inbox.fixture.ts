import type { Delivery, OperationRequest } from '@concordat/contracts';
import type { Invoke } from '../operation-groups';
import { ConcordatProblem } from '../problem';
import type { SubscriptionPorts } from './subscription';

type Sent = OperationRequest<'message.send'> & { readonly idempotencyKey: string | undefined };

/** An inbox for tests, behind the calls of a client: what it hands out and when, the test says. */
export class FakeInbox {
  readonly fetched: OperationRequest<'inbox.fetch'>[] = [];
  readonly acked: string[] = [];
  readonly nacked: OperationRequest<'inbox.nack'>[] = [];
  readonly extended: string[] = [];
  readonly sent: Sent[] = [];
  /** Thrown by the next calls of the operation, in turn. */
  readonly failures: Record<string, Error[]> = {};
  readonly #deliveries: Delivery[] = [];
  #wake: () => void = () => undefined;

  readonly invoke: Invoke = async (name, input, options) => {
    const failure = this.failures[name]?.shift();
    if (failure) throw failure;
    return (await this.#serve(name, input, options)) as never;
  };

  readonly fetch: SubscriptionPorts['fetch'] = (input, options) => this.invoke('inbox.fetch', input, options);

  /** Delivers now. @param id a number, for the messages that differ */
  deliver(id: number, over: Partial<Delivery> = {}): void {
    const name = messageIdOf(id);
    this.#deliveries.push({
      ...{
        id: name,
        deliveryToken: `${id}.${over.attempt ?? 1}`,
        attempt: 1,
        from: ada,
        to: ben,
        type: 'QUERY',
      },
      ...{
        priority: 'HIGH',
        correlationId: 'talk',
        replyTo: null,
        payload: id,
        timestamp: 't',
        ...{ expiresAt: null, delaySeconds: null },
      },
      ...{ leaseSeconds: 30, traceparent: null, key: null, signature: null, cloudEvent: null, schema: null },
      ...over,
    });
    this.#wake();
  }

  async #serve(name: string, input: object, options: Parameters<Invoke>[2]): Promise<unknown> {
    switch (name) {
      case 'inbox.fetch': {
        const fetch = input as OperationRequest<'inbox.fetch'>;
        this.fetched.push(fetch);
        while (this.#deliveries.length === 0) await this.#delivery(options?.signal);
        return { items: this.#deliveries.splice(0, Number(fetch.count)) };
      }
      case 'inbox.ack':
        this.acked.push(...(input as { tokens: string[] }).tokens);
        return { acked: [] };
      case 'inbox.nack':
        this.nacked.push(input as OperationRequest<'inbox.nack'>);
        return { id: messageIdOf(1), outcome: 'returned' };
      case 'inbox.extend':
        this.extended.push(...(input as { tokens: string[] }).tokens);
        return { extended: [] };
      default: {
        const { idempotencyKey } = options ?? {};
        this.sent.push({ ...(input as Sent), idempotencyKey });
        return { id: messageIdOf(900 + this.sent.length), status: 'PENDING', durability: 'none' };
      }
    }
  }

  #delivery(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wake = resolve;
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      if (signal?.aborted) reject(signal.reason as Error);
    });
  }
}

export const ada = `did:key:z6Mk${'a'.repeat(44)}`;
export const ben = `did:key:z6Mk${'b'.repeat(44)}`;
export const messageIdOf = (id: number): string => `msg-1-0-${id}`;

/** A refusal of the server. */
export const refused = (code: string, status: number): ConcordatProblem =>
  new ConcordatProblem(code, { status });
