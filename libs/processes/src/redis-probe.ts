import { connect } from 'node:net';

/** Enough for the answer to INFO; a server that sends more is not a Redis. */
const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * Resolves when the Redis at the port accepts the password, has loaded its data, and is the process expected.
 * @param pid undefined: any process
 * @throws Error with the reason: refused, `LOADING`, `WRONGPASS` …
 */
export async function probeRedis(
  { port, password, pid }: { port: number; password: string; pid?: number | undefined },
  signal: AbortSignal,
): Promise<void> {
  const [auth, ping, info] = await exchange(port, [['AUTH', password], ['PING'], ['INFO', 'server']], signal);
  if (auth !== '+OK') throw new Error(`Redis at port ${port} refused the password: ${auth}`);
  if (ping !== '+PONG') throw new Error(`Redis at port ${port} is not ready: ${ping}`);
  const actual = Number(/^process_id:(\d+)/m.exec(info ?? '')?.[1]);
  if (pid !== undefined && actual !== pid)
    throw new Error(`port ${port} is held by another Redis, process ${actual}`);
}

/**
 * Sends commands over a connection of their own and returns one answer each: the line of a simple string or error, the
 * content of a bulk string.
 * @throws Error when the port refuses or closes
 */
export function exchange(
  port: number,
  commands: readonly string[][],
  signal: AbortSignal,
): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect({ host: '127.0.0.1', port });
    const end = (act: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      act();
    };
    const onAbort = (): void => end(() => reject(new Error('aborted')));
    signal.addEventListener('abort', onAbort, { once: true });
    // One character per byte: RESP counts bytes, and INFO holds the path of the configuration, which may have any.
    socket.setEncoding('latin1');
    socket.once('connect', () => socket.write(commands.map(encode).join('')));
    socket.once('error', (error) => end(() => reject(error)));
    socket.once('close', () => end(() => reject(new Error(`port ${port} closed the connection`))));
    socket.on('data', (text: string) => {
      received += text;
      const answers = decode(received);
      if (answers.length === commands.length) end(() => resolve(answers));
      else if (received.length > MAX_ANSWER_BYTES) end(() => reject(new Error(`port ${port} is no Redis`)));
    });
  });
}

/** RESP2: an array of bulk strings (https://redis.io/docs/latest/develop/reference/protocol-spec/). */
const encode = (words: readonly string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;

/** The answers that are complete so far. @param text one character per byte */
export function decode(text: string): string[] {
  const answers: string[] = [];
  for (let at = 0; at < text.length;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) break;
    const line = text.slice(at, lineEnd);
    at = lineEnd + 2;
    if (!line.startsWith('$')) {
      answers.push(line);
      continue;
    }
    const length = Number(line.slice(1));
    if (text.length < at + length + 2) break;
    answers.push(text.slice(at, at + length));
    at += length + 2;
  }
  return answers;
}
