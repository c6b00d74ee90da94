import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ed25519PublicKey,
  formatVerifierKey,
  noteSigner,
  signErasureReceipt,
  signNote,
} from '@concordat/crypto';
import { CommandLine, withStdin } from './command-line.fixture';

let line: CommandLine;
beforeEach(async () => void (line = await CommandLine.open()));
afterEach(() => line.close());

const secretKey = new Uint8Array(32).fill(1);
const signer = noteSigner('example.org/log', { secretKey, publicKey: ed25519PublicKey(secretKey) });
const subject = 'user:0199f1c2-7b3a-7c4d-8e5f-000000000001';
const receipt = signErasureReceipt(
  {
    ...{ log: signer.name, tenant: 'default', subject, orderedBy: 'audit:1:2' },
    ...{ erasedAt: '2026-01-01T00:00:01.000Z', logSize: 42, root: new Uint8Array(32) },
    ...{ keys: ['k'], recoverableUntil: null },
  },
  signer,
);
const erasure = {
  ...{ orderedBy: 'audit:1:2', subject, origin: 'audit', receipt },
  ...{ requestedAt: '2026-01-01T00:00:00.000Z', erasedAt: '2026-01-01T00:00:01.000Z' },
};

describe('audit erase', () => {
  it('erases nothing without a word that it is meant', async () => {
    await withStdin('', async () => expect(await line.run('audit', 'erase', subject)).toBe(1));
    expect(line.said).toContain('There is no terminal to ask on. Say --yes.');
    expect(line.gateway.seen).toEqual([]);
  });

  it('prints the receipt, which is listed too', async () => {
    const { answers, seen } = line.gateway;
    answers['POST /v1/audit/erasures'] = erasure;
    expect(await line.run('audit', 'erase', subject, '--yes')).toBe(0);
    expect(seen.at(-1)!.body).toEqual({ subject });
    expect(line.printed).toBe(receipt);
    answers['GET /v1/audit/erasures'] = { items: [erasure], nextCursor: null };
    expect(await line.json('audit', 'erasures', '--subject', subject)).toMatchObject({
      items: [{ receipt }],
    });
  });
});

describe('audit verify-receipt', () => {
  const file = (text: string): string => {
    const name = join(line.folder, 'receipt');
    writeFileSync(name, text);
    return name;
  };
  beforeEach(() => writeFileSync(join(line.folder, 'audit.vkey'), `${formatVerifierKey(signer)}\n`));

  it('says what was erased, asking nobody', async () => {
    expect(await line.runHere('audit', 'verify-receipt', file(receipt))).toBe(0);
    expect(line.printed).toContain(`all that it held about ${subject}`);
    expect(line.printed).toContain('Destroyed: 1 keys. Ordered by audit:1:2.');
  });

  it('fails for one that was changed, and for a note that is none', async () => {
    for (const text of [
      receipt.replace('keys: k', 'keys: l'),
      signNote('example.org/log\n1\nAAAA\n', signer),
      '',
    ]) {
      expect(await line.runHere('audit', 'verify-receipt', file(text))).toBe(1);
      expect(line.said).toContain('proves nothing');
      line.said = '';
    }
  });
});

describe('audit anomalies', () => {
  const settings = {
    ...{ windowSeconds: 300, warmUpWindows: 24, cooldownSeconds: 3_600, overrides: [] },
    errorRate: { enabled: true, minimum: 5, minimumRate: 0.2, probability: 1e-6 },
    volume: { enabled: false, minimum: 50, deviations: 6, factor: 2 },
    fanOut: { enabled: true, minimum: 10, deviations: 6, factor: 2 },
    newCounterparty: { enabled: true, minimum: 1, minimumMessages: 200, probability: 1e-4 },
  };

  it('are listed with what they are about', async () => {
    const { answers, seen } = line.gateway;
    const item = {
      ...{ id: '0199f1c2-7b3a-7c4d-8e5f-000000000001', agent: 'apiKey:00000000000000aa', kind: 'fanOut' },
      ...{ detectedAt: '2026-01-01T00:05:00.000Z', windowStart: '2026-01-01T00:00:00.000Z' },
      ...{ windowSeconds: 300, observed: 40, expected: 3, threshold: 12, explanation: '40 recipients' },
      examples: ['bob'],
    };
    answers['GET /v1/audit/anomalies'] = { items: [item], nextCursor: null };
    expect(await line.run('audit', 'anomalies', '--kind', 'fanOut')).toBe(0);
    expect(seen.at(-1)!.query).toEqual({ kind: 'fanOut', limit: '50' });
    expect(line.printed).toContain('40 recipients');
  });

  it('count as the settings say, which are shown, and set from a file', async () => {
    const { answers, seen } = line.gateway;
    answers['GET /v1/audit/anomaly-settings'] = answers['PUT /v1/audit/anomaly-settings'] = settings;
    expect(await line.run('audit', 'anomaly-settings')).toBe(0);
    expect(line.printed).toMatch(/volume +off +minimum 50/);
    const name = join(line.folder, 'settings.json');
    writeFileSync(name, JSON.stringify({ volume: { enabled: false } }));
    expect(await line.json('audit', 'anomaly-settings', '--set', name)).toEqual(settings);
    expect(seen.at(-1)!.body).toEqual({ volume: { enabled: false } });
  });
});
