import { type Delivery } from '@concordat/contracts';
import { table } from '../output';

/** Deliveries for people; with their tokens, which settle them by hand. */
export const deliveryTable = (items: readonly Delivery[], withTokens: boolean): string =>
  table(
    [
      ...['sent', 'from', 'type', 'priority', 'attempt', 'conversation', 'payload'],
      ...(withTokens ? ['token'] : []),
    ],
    items.map((item) => [
      ...[item.timestamp, item.from, item.type, item.priority, String(item.attempt)],
      ...[item.correlationId ?? '', JSON.stringify(item.payload)],
      ...(withTokens ? [item.deliveryToken] : []),
    ]),
  );
