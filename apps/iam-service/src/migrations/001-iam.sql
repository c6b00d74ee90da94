-- Agent identities, schema v2.0 (IAM-1), with the tenant and the status of the identity. epoch and position name the
-- event that last changed the row: a gateway that reads it knows from where to go on.
CREATE TABLE agent_identities (
  tenant             TEXT NOT NULL,
  did                TEXT NOT NULL,
  agent_name         TEXT,
  agent_type         TEXT NOT NULL,
  public_key_ed25519 TEXT NOT NULL,
  metadata           TEXT,
  created_at         TEXT NOT NULL,
  last_seen          TEXT,
  verified           INTEGER NOT NULL DEFAULT 0,
  controller_did     TEXT,
  relationship_type  TEXT NOT NULL DEFAULT 'owner',
  auth_key_id        TEXT NOT NULL,
  status             TEXT NOT NULL,
  epoch              INTEGER NOT NULL,
  position           INTEGER NOT NULL,
  registered_at      INTEGER NOT NULL,
  PRIMARY KEY (tenant, did),
  FOREIGN KEY (tenant, controller_did) REFERENCES agent_identities (tenant, did)
) STRICT, WITHOUT ROWID;

CREATE INDEX agents_by_name ON agent_identities (tenant, agent_name);
CREATE INDEX agents_by_type ON agent_identities (tenant, agent_type);
CREATE INDEX agents_by_controller ON agent_identities (tenant, controller_did);
CREATE UNIQUE INDEX agents_by_registration ON agent_identities (tenant, registered_at);

CREATE TABLE api_keys (
  tenant     TEXT NOT NULL,
  id         TEXT NOT NULL,
  name       TEXT NOT NULL,
  hash       TEXT NOT NULL,
  scopes     TEXT NOT NULL,
  status     TEXT NOT NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT,
  epoch      INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE signing_keys (
  kid          TEXT NOT NULL PRIMARY KEY,
  public_key   TEXT NOT NULL,
  activated_at TEXT NOT NULL,
  epoch        INTEGER NOT NULL,
  position     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
