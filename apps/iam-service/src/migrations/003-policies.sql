-- Policies as they are in force (IAM-6); null: out of force, kept so that directories hear of it.
CREATE TABLE policies (
  tenant     TEXT NOT NULL,
  id         TEXT NOT NULL,
  policy     TEXT,
  changed_at TEXT NOT NULL,
  epoch      INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

-- Who registered an agent owns it, in the eyes of policies.
ALTER TABLE agent_identities ADD COLUMN registered_by TEXT;
UPDATE agent_identities SET registered_by = (
  SELECT actor FROM events
  WHERE events.tenant = agent_identities.tenant AND events.stream = 'agent/' || agent_identities.did AND events.version = 1
);
