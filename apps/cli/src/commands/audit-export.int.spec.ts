import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chainedLine, chainStart, formats, signManifest } from '@concordat/audit-export';
import {
  buildLeaf,
  canonicalJson,
  ed25519PublicKey,
  formatCheckpoint,
  formatVerifierKey,
  leafHash,
  noteSigner,
  signNote,
  toBase64url,
} from '@concordat/crypto';
import { runCommandLine } from '../program';

const secretKey = new Uint8Array(32).fill(1);
const signer = noteSigner('example.org/log', { secretKey, publicKey: ed25519PublicKey(secretKey) });
const bytes = new Uint8Array(32).fill(7);
const facts = {
  ...{ id: 'iam:1:1', type: 'concordat.iam.agent.revoked.v1', time: '2026-01-01T00:00:00.000Z' },
  ...{ tenant: 'default', actor: 'apiKey:1', subject: 's' },
};
const event = canonicalJson({
  ...facts,
  source: '/concordat/iam',
  correlation: null,
  traceparent: null,
  data: '{}',
});
const leaf = buildLeaf({ ...facts, event, salt: bytes, body: bytes });
const checkpoint = signNote(formatCheckpoint({ origin: signer.name, size: 1, root: leafHash(leaf) }), signer);
const text = toBase64url(bytes);
const { line, chain } = chainedLine(
  formats.ndjson,
  { kind: 'event', logIndex: 0, gap: [], event, salt: text, body: text },
  chainStart,
);
const manifest = signManifest(
  {
    ...{
      v: 1,
      format: 'ndjson',
      exportedAt: facts.time,
      tenant: 'default',
      reader: 'apiKey:1',
      subject: null,
    },
    ...{ filter: {}, count: 1, first: 0, last: 0, messages: 0, digest: chain, gap: [], checkpoint },
    consistency: null,
  },
  signer,
);
const exported = `${line}\n${formats.ndjson.renderManifest(manifest)}\n`;

let folder: string;
let file: string;
let server: Server;
let url: string;
let answer: (response: ServerResponse) => void;
let asked: string[];
let printed: string;
let said: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'concordat export '));
  file = join(folder, 'trail.ndjson');
  writeFileSync(join(folder, 'admin.key'), 'cck_admin', { mode: 0o600 });
  writeFileSync(join(folder, 'audit.vkey'), `${formatVerifierKey(signer)}\n`);
  asked = [];
  answer = (response) => void response.end(exported);
  server = createServer((request, response) => {
    if (request.url === '/v1/audit/log/checkpoint') return void response.end(checkpoint);
    asked.push(request.url!);
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  printed = said = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((output: unknown, done?: unknown) => {
    printed += String(output);
    if (typeof done === 'function') (done as () => void)();
    return true;
  });
  jest.spyOn(process.stderr, 'write').mockImplementation((output) => ((said += String(output)), true));
});
afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

const online = (...argv: string[]): Promise<number> =>
  runCommandLine(['audit', ...argv, '--data', folder, '--url', url]);
const offline = (...argv: string[]): Promise<number> => runCommandLine(['audit', ...argv, '--data', folder]);
const files = (): string[] => readdirSync(folder).filter((name) => name.startsWith('trail'));

describe('audit export', () => {
  it('writes a file that only its owner reads, checks it, and says how much it was', async () => {
    expect(await online('export', '--out', file, '--subject', 's')).toBe(0);
    expect(asked).toEqual(['/v1/audit/export?format=ndjson&subject=s']);
    expect(readFileSync(file, 'utf8')).toBe(exported);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(printed).toContain('2 lines');
    expect(said).toContain('2 lines, 100 % of the log');
    expect(files()).toEqual(['trail.ndjson']);
  });

  it('names an older checkpoint, and whom everything is asked of', async () => {
    const older = join(folder, 'older');
    writeFileSync(older, checkpoint);
    expect(await online('export', '--out', file, '--about', 'apiKey:1', '--checkpoint', older)).toBe(0);
    expect(asked).toEqual(['/v1/audit/subjects/apiKey%3A1/export?since=1']);
    expect(await online('export', '--out', file, '--about', 'apiKey:1', '--format', 'cef')).toBe(1);
    expect(said).toContain('leave the other options out');
  });

  it.each<[string, (response: ServerResponse) => void, string]>([
    ['broke off', (response) => response.write(line, () => response.socket?.destroy()), 'CONNECTION_FAILED'],
    ['has no end', (response) => void response.end(`${line}\n`), 'cut off'],
    ['was changed', (response) => void response.end(exported.replace('"s"', '"t"')), 'at line 1'],
  ])('keeps nothing of what %s, and leaves what was there', async (_what, broken, reason) => {
    writeFileSync(file, 'before');
    answer = broken;
    expect(await online('export', '--out', file)).toBe(1);
    expect(said).toContain(reason);
    expect(readFileSync(file, 'utf8')).toBe('before');
    expect(files()).toEqual(['trail.ndjson']);
  });

  it('without a key says that nothing was proven, and still wants an end', async () => {
    rmSync(join(folder, 'audit.vkey'));
    expect(await online('export', '--out', file)).toBe(0);
    expect(said).toContain('not verified');
    answer = (response) => void response.end(`${line}\n`);
    expect(await online('export', '--out', file)).toBe(1);
    expect(said).toContain('broke off');
  });
});

describe('audit verify-export', () => {
  it('says what is proven', async () => {
    writeFileSync(file, exported);
    expect(await offline('verify-export', file)).toBe(0);
    expect(printed).toContain('Proven: 1 events are in the log "example.org/log" of 1');
  });

  it('names the line that is wrong', async () => {
    writeFileSync(file, exported.replace('"s"', '"t"'));
    expect(await offline('verify-export', file, '-o', 'json')).toBe(1);
    expect(JSON.parse(printed)).toMatchObject({ ok: false, line: 1 });
  });

  it('wants a key, a file, and a checkpoint where one is named', async () => {
    writeFileSync(file, exported);
    expect(await offline('verify-export', `${file}.not`)).toBe(1);
    expect(await offline('verify-export', file, '--checkpoint', join(folder, 'none'))).toBe(1);
    expect(said).toContain('There is no checkpoint in');
    expect(await offline('verify-export', file, '--vkey', join(folder, 'none'))).toBe(1);
    expect(said).toContain('There is no verifier key in');
  });
});

describe('audit tail', () => {
  it('shows events as they come', async () => {
    const item = {
      ...{ id: 'iam:1:9', type: 't', source: 's', subject: 's\u001b[2J', actor: 'a', time: facts.time },
      ...{ correlationId: null, traceId: null, data: {}, logIndex: 9 },
    };
    answer = (response) => void response.write(`event: item\ndata: ${JSON.stringify(item)}\n\n`);
    expect(await online('tail', '--after', '8', '--type', 't', '--count', '1')).toBe(0);
    expect(asked).toEqual(['/v1/audit/stream?type=t']);
    expect(printed).toContain(`${facts.time}  t  s\\u001b[2J  a  iam:1:9`);
  });
});
