import { findOperation, type Position } from '@concordat/contracts';
import type { Freshness } from '@concordat/directory';
import { activeTrace, inSpan, type OperationContext } from '@concordat/runtime';
import { type RpcClient } from '@concordat/streams';
import { SpanKind } from '@opentelemetry/api';

/** Calls operations of the services behind the gateway, each in a span of its own that travels along. */
export class ServiceCalls {
  constructor(
    private readonly rpc: RpcClient,
    private readonly freshness: Pick<Freshness, 'applied'>,
  ) {}

  /** @throws ConcordatError: what the service answered, SERVICE_UNAVAILABLE, OVERLOADED */
  call(
    operation: string,
    input: unknown,
    context: Pick<OperationContext, 'principal' | 'commandId' | 'minPosition' | 'conversation' | 'address'>,
  ): Promise<{ output: unknown; position: Position | null }> {
    const { service } = findOperation(operation)!;
    const { principal, commandId, minPosition, conversation, address } = context;
    const attributes = {
      'messaging.system': 'redis',
      'messaging.operation.type': 'send',
      'messaging.operation.name': 'send',
      'messaging.destination.name': `cc:{rpc.${service}}:commands`,
      'concordat.operation': operation,
    };
    return inSpan({ name: `send ${operation}`, kind: SpanKind.PRODUCER, attributes }, () =>
      this.rpc.call({
        ...{ service, operation, commandId, principal, minPosition, conversation, address, input },
        judgedAt: this.freshness.applied,
        ...activeTrace(),
      }),
    );
  }
}
