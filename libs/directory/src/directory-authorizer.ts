import type { Position } from '@concordat/contracts';
import type { OperationAuthorizer } from '@concordat/service';
import type { Authorizer } from './authorizer';
import type { Freshness } from './freshness';

/** How long a service waits to hear what the gateway has heard: the same stream, so usually not at all. */
const waitMs = 1_000;

/** Judges in a service behind the gateway, by a directory of its own. */
export class DirectoryAuthorizer implements OperationAuthorizer {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly freshness: Pick<Freshness, 'reached'>,
  ) {}

  reached(judgedAt: Position): Promise<void> {
    return this.freshness.reached(judgedAt, waitMs);
  }

  get authorize(): OperationAuthorizer['authorize'] {
    return this.authorizer.authorize;
  }
}
