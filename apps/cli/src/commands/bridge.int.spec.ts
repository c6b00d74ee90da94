import { CommandLine } from './command-line.fixture';

let line: CommandLine;
beforeEach(async () => void (line = await CommandLine.open()));
afterEach(() => line.close());

const did = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
const path = `/v1/bridges/${did}`;
const user = 'cc-bridge-0001020304050607';
const bridge = {
  ...{ did, user, group: 'agent_wavefront', createdAt: '2026-01-01T00:00:00.000Z' },
  inStream: 'cc:{bridge.default.0001020304050607}:in',
  outStream: 'cc:{bridge.default.0001020304050607}:out',
};

describe('bridges', () => {
  it('are made, and their password is shown once', async () => {
    line.gateway.answers[`PUT ${path}`] = { ...bridge, password: 's3cret' };
    expect(await line.run('bridge', 'put', did)).toBe(0);
    expect(line.printed).toContain('s3cret');
    expect(line.printed).toContain(bridge.inStream);
    expect(line.printed).toContain('not shown again');
  });

  it('are listed and deleted', async () => {
    const { answers } = line.gateway;
    answers['GET /v1/bridges'] = { items: [bridge], nextCursor: null };
    answers[`DELETE ${path}`] = { did, deletedAt: bridge.createdAt };
    expect(await line.run('bridge', 'list')).toBe(0);
    expect(line.printed).toContain(user);
    expect(await line.run('bridge', 'delete', did)).toBe(0);
    expect(line.printed).toContain(`${did} is out of Redis.`);
  });
});
