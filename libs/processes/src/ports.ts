import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { portHolder } from './port-holder';

const HOST = '127.0.0.1';

/** A port is held by someone else. The message names the holder where the system tells. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';

  constructor(
    readonly port: number,
    readonly holder: string | undefined,
    fix: string,
  ) {
    super(`Port ${port} is taken by ${holder ?? 'another process'}. ${fix}`);
  }
}

/** @throws PortTakenError when something listens there; Error when listening is not allowed at all */
export async function assertPortFree(port: number, fix: string, host = HOST): Promise<void> {
  if (!(await isPortFree(port, host))) throw new PortTakenError(port, portHolder(port), fix);
}

/** Whether one could listen there. @throws Error for a port that this user may not have, with the fix */
export function isPortFree(port: number, host = HOST): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else if (error.code === 'EACCES')
        reject(new Error(`Port ${port} needs a privilege that this user lacks; choose one above 1023.`));
      else reject(error);
    });
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

const ATTEMPTS = 200;
const LOWEST = 20_000;

/**
 * A free port below the range from which the system takes the ports of outgoing connections. Inside it, a client that
 * keeps dialling a server that is down can be given the server's own port, reach itself, and keep the server from
 * coming back.
 * @param avoid ports promised to others that may not listen yet
 */
export async function freePort(avoid: ReadonlySet<number> = new Set()): Promise<number> {
  const end = Math.max(LOWEST + 1_000, Math.min(firstEphemeralPort(), 32_768));
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(LOWEST, end);
    if (!avoid.has(port) && (await isPortFree(port))) return port;
  }
  throw new Error(
    `No free port found between ${LOWEST} and ${end} on ${HOST}; stop something that listens there.`,
  );
}

function firstEphemeralPort(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0]);
  } catch {
    return 32_768;
  }
}
