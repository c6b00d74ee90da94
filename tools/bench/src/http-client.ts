import { Agent, request } from 'node:http';

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Plain HTTP over connections that are kept: the least a client can cost, and no repetitions that would hide anything. */
export class HttpClient {
  readonly #agent: Agent;
  readonly #url: URL;

  /** @param credential value of the `Authorization` header, or undefined for nobody */
  constructor(
    url: string,
    private readonly credential: string | undefined,
    connections: number,
  ) {
    this.#url = new URL(url);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: 'lifo' });
  }

  /** @throws Error with status and code of a refusal, or when no answer came */
  async call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    return JSON.parse(await this.text(method, path, body)) as Record<string, unknown>;
  }

  /** The same, whatever the answer is made of. */
  async text(method: string, path: string, body?: unknown): Promise<string> {
    const { status, text } = await this.#exchange(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${codeOf(text)}`);
    return text;
  }

  close(): void {
    this.#agent.destroy();
  }

  #exchange(method: string, path: string, body: unknown): Promise<Answer> {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      ...(this.credential === undefined ? {} : { authorization: this.credential }),
      ...(payload ? { 'content-type': 'application/json', 'content-length': payload.byteLength } : {}),
    };
    const { hostname, port } = this.#url;
    return new Promise((resolve, reject) => {
      const sent = request({ hostname, port, method, path, headers, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({ status: response.statusCode!, text: Buffer.concat(chunks).toString() }),
        );
      });
      sent.once('error', reject);
      sent.end(payload);
    });
  }
}

/** Of a problem; anything else is shown as it begins. */
function codeOf(text: string): string {
  try {
    return String((JSON.parse(text) as { code?: unknown }).code);
  } catch {
    return text.slice(0, 100);
  }
}
