import { probeReady } from '../supervisor/health';
import { type RunFile } from '../supervisor/run-file';

export const serviceNames = ['iam-service', 'bus-gateway', 'audit-service', 'vault-service'] as const;
export type ServiceName = (typeof serviceNames)[number];

const answerMs = 3_000;

/** Which of the four services answer that they are ready, now. Of several gateways one is enough. */
export async function answeringServices({ processes }: Pick<RunFile, 'processes'>): Promise<ServiceName[]> {
  const answering = new Set<string>();
  await Promise.all(
    processes.map(async ({ name, healthUrl }) => {
      if (healthUrl === undefined) return;
      const isReady = await probeReady(healthUrl, AbortSignal.timeout(answerMs)).then(
        () => true,
        () => false,
      );
      if (isReady) answering.add(name.replace(/-\d+$/, ''));
    }),
  );
  return serviceNames.filter((name) => answering.has(name));
}
