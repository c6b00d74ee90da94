-- Agents, complete: who vouches for them, their keys with the time for which each counts, and types that operators define.

ALTER TABLE agent_identities ADD COLUMN verification TEXT;
ALTER TABLE agent_identities ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
UPDATE agent_identities SET version = (
  SELECT max(e.version) FROM events e
  WHERE e.tenant = agent_identities.tenant AND e.stream = 'agent/' || agent_identities.did);

-- Each filter of agent.list with its order, so that no page is sorted and none reads what it does not show.
DROP INDEX agents_by_name;
DROP INDEX agents_by_type;
DROP INDEX agents_by_controller;
CREATE INDEX agents_by_name ON agent_identities (tenant, agent_name, registered_at);
CREATE INDEX agents_by_type ON agent_identities (tenant, agent_type, registered_at);
CREATE INDEX agents_by_status ON agent_identities (tenant, status, registered_at);
CREATE INDEX agents_by_controller ON agent_identities (tenant, controller_did, registered_at);

-- Every key that an agent has had. valid_until is the first moment at which its signatures count no more.
CREATE TABLE agent_keys (
  tenant      TEXT NOT NULL,
  did         TEXT NOT NULL,
  number      INTEGER NOT NULL,
  alg         TEXT NOT NULL,
  kid         TEXT NOT NULL,
  public_key  TEXT NOT NULL,
  valid_from  TEXT NOT NULL,
  valid_until TEXT,
  PRIMARY KEY (tenant, did, number),
  UNIQUE (tenant, did, kid),
  FOREIGN KEY (tenant, did) REFERENCES agent_identities (tenant, did)
) STRICT, WITHOUT ROWID;

INSERT INTO agent_keys (tenant, did, number, alg, kid, public_key, valid_from, valid_until)
SELECT a.tenant, a.did, 1, 'Ed25519', a.auth_key_id, a.public_key_ed25519, a.created_at, (
  SELECT min(e.time) FROM events e
  WHERE e.tenant = a.tenant AND e.stream = 'agent/' || a.did
    AND e.type IN ('concordat.iam.agent.revoked.v1', 'concordat.iam.agent.erased.v1'))
FROM agent_identities a;

CREATE TABLE agent_types (
  tenant      TEXT NOT NULL,
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  defined_at  TEXT NOT NULL,
  PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
