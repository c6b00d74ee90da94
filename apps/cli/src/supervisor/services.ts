/** The services besides the gateway: their app, their identity, where their health is asked by default. */
export interface ServiceKind {
  /** of the app and of the process */
  readonly name: 'iam-service' | 'audit-service' | 'vault-service';
  readonly identity: 'iam' | 'audit' | 'vault';
  readonly healthPort: number;
}

export const services: readonly ServiceKind[] = [
  { name: 'iam-service', identity: 'iam', healthPort: 7410 },
  { name: 'audit-service', identity: 'audit', healthPort: 7420 },
  { name: 'vault-service', identity: 'vault', healthPort: 7430 },
];

export const gatewayApp = 'bus-gateway';

/** Everyone who signs. The gateways are one identity: they answer for each other. */
export const identities = ['iam', 'bus', 'audit', 'vault'] as const;
export type Identity = (typeof identities)[number];
