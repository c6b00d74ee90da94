import type { HttpClient } from './http-client';

/** Number of leaves of the audit log, as signed. */
export async function logSize(client: HttpClient): Promise<number> {
  try {
    return Number((await client.text('GET', '/v1/audit/log/checkpoint')).split('\n')[1] ?? 0);
  } catch {
    // Not signed yet, or the audit service is busy with what it is given.
    return 0;
  }
}
