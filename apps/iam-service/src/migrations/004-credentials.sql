-- What was taken away of credentials that are not kept (tokens, sessions, everything before a time): until nothing lives
-- that it concerns.
CREATE TABLE withdrawals (
  tenant   TEXT NOT NULL,
  name     TEXT NOT NULL,
  until    TEXT NOT NULL,
  epoch    INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX withdrawals_by_end ON withdrawals (until);

CREATE TABLE delegations (
  tenant     TEXT NOT NULL,
  id         TEXT NOT NULL,
  owner      TEXT NOT NULL,
  from_did   TEXT NOT NULL,
  to_did     TEXT NOT NULL,
  parent     TEXT,
  scopes     TEXT NOT NULL,
  operations TEXT,
  status     TEXT NOT NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  epoch      INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  created_no INTEGER NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, parent) REFERENCES delegations (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX delegations_by_creation ON delegations (tenant, created_no);
CREATE INDEX delegations_by_owner ON delegations (tenant, owner, created_no);
CREATE INDEX delegations_by_giver ON delegations (tenant, from_did, created_no);
CREATE INDEX delegations_by_receiver ON delegations (tenant, to_did, created_no);

-- Keys follow one another; the first one had no number.
ALTER TABLE signing_keys ADD COLUMN generation INTEGER NOT NULL DEFAULT 1;
ALTER TABLE signing_keys ADD COLUMN retired_at TEXT;
