-- The memories that exist now. sealed_key and sealed_content are as in the event that wrote them: encrypted, and bound to
-- (tenant, memory/<persona>/<record_id>, version). A rowid table, because its rows can have a megabyte.
CREATE TABLE memories (
  tenant         TEXT NOT NULL,
  persona        TEXT NOT NULL,
  record_id      TEXT NOT NULL,
  version        INTEGER NOT NULL,
  generation     INTEGER NOT NULL,
  author         TEXT NOT NULL,
  created_at     TEXT NOT NULL,
  updated_at     TEXT NOT NULL,
  sealed_key     TEXT NOT NULL,
  sealed_content TEXT NOT NULL,
  PRIMARY KEY (tenant, persona, record_id)
) STRICT;

-- Lives of memories that ended by deletion: their keys must not exist.
CREATE TABLE deleted_memories (
  tenant     TEXT NOT NULL,
  persona    TEXT NOT NULL,
  record_id  TEXT NOT NULL,
  generation INTEGER NOT NULL,
  deleted_at TEXT NOT NULL,
  PRIMARY KEY (tenant, persona, record_id, generation)
) STRICT, WITHOUT ROWID;

-- Consents that were granted and not withdrawn; whether one has expired is asked when it is used.
CREATE TABLE consents (
  tenant     TEXT NOT NULL,
  persona    TEXT NOT NULL,
  grantee    TEXT NOT NULL,
  scopes     TEXT NOT NULL,
  granted_at TEXT NOT NULL,
  expires_at TEXT,
  PRIMARY KEY (tenant, persona, grantee)
) STRICT, WITHOUT ROWID;
