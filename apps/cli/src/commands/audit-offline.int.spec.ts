import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { servedLog, servedVkey } from '../audit/served-log.fixture';
import { CommandLine } from './command-line.fixture';

let line: CommandLine;
let dir: string;
beforeEach(async () => {
  line = await CommandLine.open();
  line.gateway.otherwise = 'NOT_FOUND';
  Object.assign(line.gateway.answers, servedLog(300));
  writeFileSync(join(line.folder, 'audit.vkey'), `${servedVkey}\n`);
  dir = join(line.folder, 'evidence');
});
afterEach(() => line.close());

const tilesOf = () => line.gateway.seen.filter(({ route }) => route.includes('/tile/')).length;
const offline = (...argv: string[]) => line.runHere('audit', 'verify', '--bundle', dir, ...argv);
const verdict = () => JSON.parse(line.printed) as { ok: boolean; log: { faults: object[] } };
const download = () => line.run('audit', 'download', dir);

describe('audit download', () => {
  it('fetches a log once, and what is new of it later', async () => {
    expect(await line.json('audit', 'download', dir)).toMatchObject({ size: 300, fetched: 5 });
    expect(readFileSync(join(dir, 'vkey'), 'utf8')).toBe(`${servedVkey}\n`);
    expect(readdirSync(join(dir, 'tile/entries'))).toEqual(['000', '001.p']);
    expect(await line.json('audit', 'download', dir)).toMatchObject({ fetched: 0 });
    expect(tilesOf()).toBe(5);
    Object.assign(line.gateway.answers, servedLog(600));
    expect(await line.json('audit', 'download', dir)).toMatchObject({ size: 600, fetched: 5 });
    expect(readdirSync(join(dir, 'tile/entries')).sort()).toEqual(['000', '001', '002.p']);
    expect(await offline()).toBe(0);
  });

  it('goes on where it was broken off, and is not taken for whole before', async () => {
    const tile = 'GET /v1/audit/log/tile/0/001.p/44';
    line.gateway.answers[tile] = 'NOT_FOUND';
    expect(await download()).toBe(1);
    expect(line.said).toContain('The log does not serve tile/0/001.p/44');
    expect(existsSync(join(dir, 'checkpoint'))).toBe(false);
    Object.assign(line.gateway.answers, servedLog(300));
    expect(await download()).toBe(0);
    expect(await offline()).toBe(0);
  });

  it('does not overwrite a log with one that was rolled back', async () => {
    await download();
    Object.assign(line.gateway.answers, servedLog(200));
    expect(await download()).toBe(1);
    expect(line.said).toContain('holds 300 entries, and the log has 200 now');
    expect(await offline()).toBe(0);
  });
});

describe('audit verify --bundle', () => {
  it('verifies a log, and finds an event in it, without a gateway', async () => {
    await download();
    await line.gateway.close();
    expect(await offline()).toBe(0);
    expect(line.printed).toContain('Verified: all 300 entries of the log "example.org/log"');
    expect(await offline('bus.0:1:259')).toBe(0);
    expect(line.printed).toContain('bus.0:1:259 is entry 259.');
    expect(await offline('bus.0:1:300')).toBe(1);
    expect(line.said).toContain('bus.0:1:300 is not in it');
  });

  it('names the first bad entry', async () => {
    await download();
    const file = join(dir, 'tile/entries/001.p/44');
    writeFileSync(file, readFileSync(file, 'utf8').replace('bus.0:1:270', 'bus.0:1:770'));
    line.printed = '';
    expect(await offline('-o', 'json')).toBe(1);
    expect(verdict()).toMatchObject({
      ok: false,
      log: { faults: [{ kind: 'entry', index: 270, eventId: 'bus.0:1:770' }] },
    });
  });

  it('refuses a log that does not continue an older checkpoint', async () => {
    await download();
    const older = join(line.folder, 'older');
    const keep = (answers: Record<string, Uint8Array>) =>
      writeFileSync(older, answers['GET /v1/audit/log/checkpoint']!);
    keep(servedLog(257));
    expect(await offline('--checkpoint', older)).toBe(0);
    keep(servedLog(257, 'b'));
    expect(await offline('--checkpoint', older)).toBe(1);
    expect(line.printed).toContain('the log was forked');
    keep(servedLog(301));
    expect(await offline('--checkpoint', older)).toBe(1);
    expect(line.printed).toContain('it was rolled back');
  });

  it('does not believe the key that came with the log', async () => {
    await download();
    rmSync(join(line.folder, 'audit.vkey'));
    expect(await offline()).toBe(1);
    expect(line.said).toContain('There is no verifier key in');
    expect(await offline('--vkey', join(dir, 'vkey'))).toBe(0);
  });

  it('says what to do with a folder that holds nothing', async () => {
    expect(await offline()).toBe(1);
    expect(line.said).toContain('./concordat audit download <dir>');
  });
});

describe('audit verify without an event', () => {
  it('verifies the log that the gateway serves', async () => {
    expect(await line.run('audit', 'verify', '-o', 'json')).toBe(0);
    expect(verdict()).toMatchObject({ ok: true, log: { entries: 300, faults: [] } });
  });
});

describe('audit verify --database', () => {
  const id = `ver_${'1'.repeat(32)}`;
  const verification = (over: object) => ({
    ...{ id, status: 'running', startedAt: '2026-01-01T00:00:00.000Z', finishedAt: null, phase: 'log' },
    ...{ checked: 5, size: 300, faultCount: 0, faults: [] },
    ...over,
  });
  const answer = (...answers: object[]) => {
    line.gateway.answers['POST /v1/audit/verifications'] = { id };
    line.gateway.answers[`GET /v1/audit/verifications/${id}`] = () => answers.shift();
  };

  it('waits for the service to have verified it', async () => {
    answer(verification({}), verification({ status: 'verified', checked: 300 }));
    expect(await line.run('audit', 'verify', '--database')).toBe(0);
    expect(line.printed).toContain('Verified: the database holds what was logged, in all 300 entries');
  });

  it('names the rows that are not what was logged', async () => {
    const fault = { table: 'audit_events', logIndex: 7, eventId: 'iam:1:8', tenant: 'default', row: null };
    const faults = [{ ...fault, detail: 'actor is not what was logged' }];
    answer(verification({ status: 'faulty', faultCount: 1, faults }));
    expect(await line.run('audit', 'verify', '--database')).toBe(1);
    expect(line.printed).toContain('audit_events  7      iam:1:8  actor is not what was logged');
    expect(await line.run('audit', 'verify', 'iam:1:8', '--database')).toBe(1);
    expect(line.said).toContain('leave out what names a part of it');
  });
});
