import { join } from 'node:path';
import { migrate, openDatabase, readMigrations } from '@concordat/sqlite';

const own = readMigrations(join(__dirname, 'migrations'));
const events = readMigrations(
  join(require.resolve('@concordat/eventsourcing'), '..', 'sqlite', 'migrations'),
);
const now = '2026-01-01T00:00:00.000Z';

describe('a store of the first version', () => {
  it('is read on: every agent has its version, and its key from when to when it counts', () => {
    const db = openDatabase(':memory:');
    migrate(db, 'eventsourcing', events, now);
    migrate(db, 'iam', own.slice(0, 1), now);
    const event = db.prepare(
      `INSERT INTO events (position, epoch, prev_epoch, tenant, stream, version, type, subject, time, actor, data,
         prev_hash, hash) VALUES (?, 1, 0, 't', ?, ?, ?, 's', ?, 'a', '{}', x'', x'')`,
    );
    event.run(1, 'agent/did:1', 1, 'concordat.iam.agent.registered.v1', '2025-01-01T00:00:00.000Z');
    event.run(2, 'agent/did:2', 1, 'concordat.iam.agent.registered.v1', '2025-01-02T00:00:00.000Z');
    event.run(3, 'agent/did:2', 2, 'concordat.iam.agent.revoked.v1', '2025-01-03T00:00:00.000Z');
    event.run(4, 'agent/did:2', 3, 'concordat.iam.agent.erased.v1', '2025-01-04T00:00:00.000Z');
    const agent = db.prepare(
      `INSERT INTO agent_identities (tenant, did, agent_type, public_key_ed25519, created_at, auth_key_id, status, epoch,
         position, registered_at) VALUES ('t', ?, 'CLAUDE', ?, ?, ?, ?, 1, 1, ?)`,
    );
    agent.run('did:1', 'A', '2025-01-01T00:00:00.000Z', 'k1', 'active', 1);
    agent.run('did:2', 'B', '2025-01-02T00:00:00.000Z', 'k2', 'erased', 2);

    migrate(db, 'iam', own, now);

    expect(db.prepare('SELECT did, version, verified FROM agent_identities ORDER BY did').all()).toEqual([
      { did: 'did:1', version: 1, verified: 0 },
      { did: 'did:2', version: 3, verified: 0 },
    ]);
    expect(db.prepare('SELECT did, kid, valid_from, valid_until FROM agent_keys ORDER BY did').all()).toEqual(
      [
        { did: 'did:1', kid: 'k1', valid_from: '2025-01-01T00:00:00.000Z', valid_until: null },
        {
          ...{ did: 'did:2', kid: 'k2', valid_from: '2025-01-02T00:00:00.000Z' },
          valid_until: '2025-01-03T00:00:00.000Z',
        },
      ],
    );
    db.close();
  });
});
