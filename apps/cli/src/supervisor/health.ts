import { get } from 'node:http';
import { assertListens } from '@concordat/processes';

/** Where a process answers for its health. */
export interface HealthPlace {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
}

/**
 * Resolves when this very process is ready. Whose answer it was is asked last, when there is one worth believing.
 * @throws Error with the reason; also when somebody else has the port
 */
export async function probeOwnReady({ url, port, pid }: HealthPlace, signal: AbortSignal): Promise<void> {
  await probeReady(url, signal);
  assertListens(pid, port);
}

interface HealthAnswer {
  readonly checks?: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>;
}

/**
 * Resolves when GET <url>/health/ready answers 200.
 * @throws Error with the reason: refused, or the checks that failed
 */
export function probeReady(url: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(`${url}/health/ready`, { agent: false, signal }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += body.length < MAX_BODY ? text : ''));
      answer.once('error', reject);
      answer.once('end', () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`GET ${url}/health/ready answers ${answer.statusCode}${failedChecks(body)}`));
      });
    });
    request.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ECONNREFUSED' ? new Error(`nothing listens at ${url} yet`) : error),
    );
  });
}

const MAX_BODY = 16 * 1024;

function failedChecks(body: string): string {
  try {
    const failed = Object.entries((JSON.parse(body) as HealthAnswer).checks ?? {}).filter(
      ([, { ok }]) => !ok,
    );
    return failed.length === 0
      ? ''
      : ` (${failed.map(([name, { detail }]) => `${name}: ${detail ?? 'not ok'}`).join('; ')})`;
  } catch {
    return '';
  }
}
