import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConcordatError, isConcordatError, RequestRefused } from '@concordat/contracts';
import {
  consistencyProof,
  ed25519PublicKey,
  findCosignature,
  formatAddCheckpoint,
  formatCheckpoint,
  formatVerifierKey,
  leafHash,
  nodesOf,
  noteSigner,
  openNote,
  parseCheckpoint,
  parseCosignerKey,
  parseVerifierKey,
  sha256,
  signNote,
  type Tile,
  TileTree,
  utf8,
} from '@concordat/crypto';
import { eventually } from '@concordat/testing';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';
import { LogClient } from '../testing/log-client';

jest.setTimeout(60_000);

const secretKey = new Uint8Array(32).fill(5);
const signer = noteSigner('example.org/their-log', { secretKey, publicKey: ed25519PublicKey(secretKey) });

/** Another log. */
class TheirLog {
  readonly #tiles = new Map<string, Tile>();
  readonly #hashes: Uint8Array[];

  constructor(history = '') {
    this.#hashes = Array.from({ length: 300 }, (_, i) => leafHash(utf8(`${history} ${i}`)));
    for (const tile of TileTree.empty.append(this.#hashes).tiles)
      this.#tiles.set(`${tile.level}/${tile.index}`, tile);
  }

  note(size: number): string {
    const { tree } = TileTree.empty.append(this.#hashes.slice(0, size));
    return signNote(formatCheckpoint({ origin: signer.name, size, root: tree.root() }), signer);
  }

  request(oldSize: number, size: number): string {
    const nodes = nodesOf(this.#tiles.values());
    const proof = oldSize === 0 || oldSize > size ? [] : consistencyProof(nodes, oldSize, size);
    return formatAddCheckpoint({ oldSize, proof, note: this.note(size) });
  }
}

describe('audit-service as a witness, and with one', () => {
  let audit: AuditBench;
  let gateway: Server;
  let client: LogClient;
  const theirs = new TheirLog();
  const add = async (request: string) => (await audit.caller.call('audit.addCheckpoint', { request })).output;
  const text = async (operation: 'audit.witnessKey' | 'audit.key'): Promise<string> =>
    Buffer.from((await audit.caller.call(operation, {})).output.body, 'base64url').toString();
  const witness = async () => parseCosignerKey(await text('audit.witnessKey'));
  const latest = (origin: string) => {
    const originHash = Buffer.from(sha256(origin)).toString('hex');
    return audit.caller.call('audit.witnessedCheckpoint', { originHash });
  };

  /** The door that the gateway is: text in, text out, over a real socket. */
  const serve = (): Promise<void> => {
    gateway = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const answer = (status: number, body: string) => void response.writeHead(status).end(body);
        add(Buffer.concat(parts).toString()).then(
          ({ cosignatures, size }) =>
            cosignatures === null ? answer(409, `${size}\n`) : answer(200, cosignatures),
          (error: unknown) => answer(isConcordatError(error) ? error.status : 500, ''),
        );
      });
    });
    return new Promise((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  };

  beforeAll(async () => {
    audit = await startAuditBench();
    client = new LogClient(audit.caller);
    await serve();
    const ours = (await text('audit.key')).trim();
    const file = (name: string, lines: string[]): string => {
      writeFileSync(join(audit.bench.folder, name), ['# logs and witnesses', '', ...lines].join('\n'));
      return join(audit.bench.folder, name);
    };
    const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/prefix/`;
    await audit.restart({
      witnessedLogsFile: file('logs', [formatVerifierKey(signer), ours]),
      witnessesFile: file('witnesses', [`${(await text('audit.witnessKey')).trim()} ${url}`]),
    });
  });
  afterAll(async () => {
    gateway.close();
    gateway.closeAllConnections();
    await audit.stop();
  });

  it('cosigns what continues, and nothing else', async () => {
    await expect(latest(signer.name)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const key = await witness();
    const first = await add(theirs.request(0, 7));
    expect(findCosignature(theirs.note(7) + first.cosignatures!, key)).toMatchObject({
      line: first.cosignatures,
    });
    expect(await add(theirs.request(0, 20))).toEqual({ cosignatures: null, size: 7 });
    expect(await add(theirs.request(7, 7))).toMatchObject({ size: 7 });
    expect((await add(theirs.request(7, 270))).cosignatures).toMatch(/^— \S+ \S+\n$/);
    const { output } = await latest(signer.name);
    const note = Buffer.from(output.body, 'base64url').toString();
    expect(parseCheckpoint(openNote(note, signer)).size).toBe(270);
    expect(findCosignature(note, key)).toBeDefined();
  });

  it('refuses as C2SP tlog-witness says', async () => {
    const fork = new TheirLog('fork');
    const cases: [string, string][] = [
      ['nonsense', 'INPUT_INVALID'],
      [theirs.request(271, 270), 'INPUT_INVALID'],
      [theirs.request(270, 280).replaceAll('their-log', 'some-log'), 'WITNESS_LOG_UNKNOWN'],
      [theirs.request(270, 280).replace('\n280\n', '\n281\n'), 'WITNESS_SIGNATURE_INVALID'],
      [fork.request(270, 280), 'WITNESS_PROOF_INVALID'],
      [fork.request(270, 270), 'WITNESS_PROOF_INVALID'],
    ];
    for (const [request, code] of cases) await expect(add(request)).rejects.toMatchObject({ code });
    const status = (code: 'WITNESS_LOG_UNKNOWN' | 'WITNESS_SIGNATURE_INVALID' | 'WITNESS_PROOF_INVALID') =>
      new ConcordatError(code).status;
    expect([
      status('WITNESS_LOG_UNKNOWN'),
      status('WITNESS_SIGNATURE_INVALID'),
      status('WITNESS_PROOF_INVALID'),
    ]).toEqual([404, 403, 422]);
  });

  it('never goes back and never cosigns two histories, however many ask at the same time, across a restart', async () => {
    const stop = await audit.startSecond();
    const fork = new TheirLog('fork');
    const asked = Array.from({ length: 24 }, (_, i) =>
      add((i % 3 ? theirs : fork).request(270, 271 + (i % 8))),
    );
    const granted = (await Promise.allSettled(asked)).flatMap((result) =>
      result.status === 'fulfilled' && result.value.cosignatures !== null ? [result.value.size] : [],
    );
    await stop();
    await audit.restart({ witnessedLogsFile: join(audit.bench.folder, 'logs') });
    const { cosignatures, size } = await add(theirs.request(270, 299));
    // All began from 270, so one only was granted; who asked again, since its answer was lost, was told of it.
    expect([cosignatures, size > 270]).toEqual([null, true]);
    expect(granted.filter((one) => one !== size)).toEqual([]);
    expect(granted.length).toBeLessThanOrEqual(1);
  });

  it('cosigns nothing on a database that was put back, be it one history or another', async () => {
    const [{ size }] = (await audit.rows<{ size: number }>(
      `SELECT size::int FROM witnessed_logs WHERE origin = '${signer.name}'`,
    )) as [{ size: number }];
    const origin = `WHERE origin = '${signer.name}'`;
    const root = (log: TheirLog, at: number): string => {
      const hash = parseCheckpoint(openNote(log.note(at), signer)).root;
      return `'\\x${Buffer.from(hash).toString('hex')}'`;
    };
    const fork = new TheirLog('fork');
    await audit.rows('CREATE TABLE saved_logs AS TABLE witnessed_logs');
    const cases = [
      [`UPDATE witnessed_logs SET size = 7, root = ${root(fork, 7)} ${origin}`, fork.request(7, 290)],
      [`UPDATE witnessed_logs SET root = ${root(fork, size)} ${origin}`, fork.request(size, 295)],
      [`DELETE FROM witnessed_logs ${origin}`, fork.request(0, 290)],
      [`UPDATE witnessed_logs SET size = 7, root = ${root(theirs, 7)} ${origin}`, theirs.request(7, 290)],
    ] as const;
    for (const [rollBack, request] of cases) {
      await audit.rows(rollBack);
      await expect(add(request)).rejects.toMatchObject({ code: 'WITNESS_REGRESSED' });
      await audit.rows(`DELETE FROM witnessed_logs; INSERT INTO witnessed_logs SELECT * FROM saved_logs`);
    }
  });

  it('has its own checkpoints cosigned by its witnesses, and serves them so', async () => {
    const folder = audit.bench.folder;
    await audit.restart({
      witnessedLogsFile: join(folder, 'logs'),
      witnessesFile: join(folder, 'witnesses'),
    });
    const feed = audit.feed('bus.feed');
    const data = { operation: 'agent.list', code: 'CREDENTIAL_INVALID', caller: 'c', count: 1 } as const;
    const cosigned = (above: number) =>
      eventually(async () => {
        const { note, size } = await client.checkpoint();
        expect(size).toBeGreaterThan(above);
        expect(findCosignature(note, await witness())).toBeDefined();
        return size;
      });
    const append = () =>
      feed.append({
        ...{
          spec: RequestRefused,
          tenant: 'default',
          actor: 'anonymous',
          correlation: null,
          traceparent: null,
        },
        data,
      });
    await append();
    const size = await cosigned(0);
    await append();
    await cosigned(size);
    expect(parseVerifierKey(readFileSync(audit.vkeyFile, 'utf8')).name).not.toBe((await witness()).name);
  });
});
