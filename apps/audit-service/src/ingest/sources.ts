import { type AlgorithmValue, services } from '@concordat/contracts';
import type { Peers } from '@concordat/runtime';
import { busSource, feedSource } from '@concordat/streams';

export interface Source {
  readonly name: string;
  /** Keys of the service that publishes it, when the source is chained and signed. */
  readonly trusted: readonly AlgorithmValue[] | undefined;
}

/** Everything that the audit log follows: what services did, what they refused or let be read, and every message. */
export const followedSources = (
  busPartitions: number,
  peers: Pick<Peers, 'iam' | 'vault' | 'audit'>,
): Source[] => [
  { name: 'iam', trusted: peers.iam },
  { name: 'vault', trusted: peers.vault },
  { name: 'audit', trusted: peers.audit },
  ...services.map((service) => ({ name: feedSource(service), trusted: undefined })),
  ...Array.from({ length: busPartitions }, (_, partition) => ({
    name: busSource(partition),
    trusted: undefined,
  })),
];
