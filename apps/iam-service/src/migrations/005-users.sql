-- API keys: when one was last used (to the minute; no event, so a rebuild forgets it), and which one replaces which.
ALTER TABLE api_keys ADD COLUMN last_used_at TEXT;
ALTER TABLE api_keys ADD COLUMN rotated_from TEXT;
ALTER TABLE api_keys ADD COLUMN rotated_to TEXT;

CREATE INDEX api_keys_by_creation ON api_keys (tenant, created_at, id);
CREATE INDEX api_keys_by_successor ON api_keys (tenant, rotated_to) WHERE rotated_to IS NOT NULL;

-- Users (IAM-4). email in its one spelling and name are in clear, for searches; both are NULL after erasure. That an
-- address is taken, the unique index says. sessions_since is the event that ended all sessions of before.
CREATE TABLE users (
  tenant                  TEXT NOT NULL,
  id                      TEXT NOT NULL,
  email                   TEXT,
  name                    TEXT,
  roles                   TEXT NOT NULL,
  status                  TEXT NOT NULL,
  has_password            INTEGER NOT NULL DEFAULT 0,
  locked_until            TEXT,
  created_at              TEXT NOT NULL,
  changed_at              TEXT NOT NULL,
  sessions_since_epoch    INTEGER NOT NULL,
  sessions_since_position INTEGER NOT NULL,
  epoch                   INTEGER NOT NULL,
  position                INTEGER NOT NULL,
  PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX users_by_email ON users (tenant, email);

-- Sessions. opened_epoch and opened_position name the event that opened one: it has ended when the user has a later
-- sessions_since. A refresh token names its session, but not the tenant.
CREATE TABLE sessions (
  tenant          TEXT NOT NULL,
  user_id         TEXT NOT NULL,
  id              TEXT NOT NULL,
  created_at      TEXT NOT NULL,
  refreshed_at    TEXT NOT NULL,
  expires_at      TEXT NOT NULL,
  ended_at        TEXT,
  opened_epoch    INTEGER NOT NULL,
  opened_position INTEGER NOT NULL,
  epoch           INTEGER NOT NULL,
  position        INTEGER NOT NULL,
  PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX sessions_by_id ON sessions (id);
CREATE INDEX sessions_by_user ON sessions (tenant, user_id, id);
CREATE INDEX sessions_by_end ON sessions (tenant, id) WHERE ended_at IS NOT NULL;
