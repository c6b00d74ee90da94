import { connect } from 'node:net';

const PROTOCOL_3_0 = 196_608;

/**
 * Resolves when the server at the port asks for a password, which it does only once it has recovered and takes
 * sessions. (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP)
 * @throws Error with the reason: refused, "the database system is starting up" …
 */
export function probePostgres(
  { port, user, database }: { port: number; user: string; database: string },
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (failure?: Error): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      if (failure === undefined) resolve();
      else reject(failure);
    };
    const onAbort = (): void => end(new Error('aborted'));
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => socket.write(startupMessage(user, database)));
    socket.once('error', end);
    socket.once('close', () => end(new Error(`port ${port} closed the connection`)));
    socket.once('data', (answer) => {
      const kind = String.fromCharCode(answer[0]!);
      if (kind === 'R') end();
      else if (kind === 'E') end(new Error(errorMessage(answer)));
      else end(new Error(`port ${port} is held by something that is not PostgreSQL`));
    });
  });
}

function startupMessage(user: string, database: string): Buffer {
  const parameters = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + parameters.length, 0);
  head.writeInt32BE(PROTOCOL_3_0, 4);
  return Buffer.concat([head, parameters]);
}

/** An ErrorResponse is a list of fields, each a letter and a text that ends with a zero; M is the message. */
function errorMessage(answer: Buffer): string {
  const fields = answer.toString('utf8', 5).split('\0');
  return fields.find((field) => field.startsWith('M'))?.slice(1) ?? 'PostgreSQL refused the connection';
}
