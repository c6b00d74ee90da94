-- The history: one row per event, never changed.
CREATE TABLE events (
  position    INTEGER PRIMARY KEY,
  epoch       INTEGER NOT NULL,
  prev_epoch  INTEGER NOT NULL,
  tenant      TEXT NOT NULL,
  stream      TEXT NOT NULL,
  version     INTEGER NOT NULL,
  type        TEXT NOT NULL,
  subject     TEXT NOT NULL,
  time        TEXT NOT NULL,
  actor       TEXT NOT NULL,
  correlation TEXT,
  traceparent TEXT,
  data        TEXT NOT NULL,
  prev_hash   BLOB NOT NULL,
  hash        BLOB NOT NULL,
  UNIQUE (tenant, stream, version)
) STRICT;

-- The head of the history: epoch for new events, and epoch, position and chain hash of the last one.
CREATE TABLE store (
  singleton  INTEGER PRIMARY KEY CHECK (singleton = 1),
  source     TEXT NOT NULL,
  epoch      INTEGER NOT NULL,
  head_epoch INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  hash       BLOB NOT NULL
) STRICT;

-- Commands that were carried out, so that a repetition has no second effect.
CREATE TABLE commands (
  tenant   TEXT NOT NULL,
  id       TEXT NOT NULL,
  digest   BLOB NOT NULL,
  stream   TEXT NOT NULL,
  version  INTEGER NOT NULL,
  epoch    INTEGER NOT NULL,
  position INTEGER NOT NULL,
  at_ms    INTEGER NOT NULL,
  PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX commands_by_age ON commands (at_ms);
