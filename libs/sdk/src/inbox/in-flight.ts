import { type Delivery, limits, type OperationOutput } from '@concordat/contracts';
import type { Invoke } from '../operation-groups';
import { isConcordatProblem } from '../problem';
import type { Lease } from './lease-keeper';
import { type NackOptions, receive, type ReceivedMessage } from './received-message';

/** A delivery from when it was fetched until its handler has ended. */
export class InFlight implements Lease {
  token: string;
  readonly message: ReceivedMessage;
  #isGivenBack = false;

  /** @param onNack its lease is no longer ours */
  constructor(
    { deliveryToken, ...delivery }: Delivery,
    readonly sinceMs: number,
    private readonly invoke: Invoke,
    private readonly onNack: () => void,
  ) {
    this.token = deliveryToken;
    this.message = receive({ deliveryToken, ...delivery }, invoke, (options) => this.nack(options));
  }

  /** It is somebody else's now, or comes again: not to be acknowledged. */
  get isGivenBack(): boolean {
    return this.#isGivenBack;
  }

  async nack(options: NackOptions = {}): Promise<OperationOutput<'inbox.nack'>['outcome'] | null> {
    if (this.#isGivenBack) throw new Error('The message was given back before.');
    this.#isGivenBack = true;
    this.onNack();
    try {
      return (await this.invoke('inbox.nack', { token: this.token, ...options })).outcome;
    } catch (error) {
      if (isConcordatProblem(error, 'DELIVERY_TOKEN_STALE')) return null;
      throw error;
    }
  }
}

/** What a handler threw, as a reason that the gateway takes; undefined when it says nothing. */
export function reasonOf(error: unknown): string | undefined {
  const text = (error instanceof Error ? error.message : String(error)).slice(0, limits.nackReasonCharacters);
  // Half a character that was cut, or was there, is none.
  return Buffer.from(text).toString().trim() || undefined;
}
