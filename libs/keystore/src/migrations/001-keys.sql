CREATE TABLE keys (
  kid        TEXT NOT NULL PRIMARY KEY,
  tenant     TEXT NOT NULL,
  path       TEXT NOT NULL,
  parent_kid TEXT,
  wrapped    BLOB NOT NULL,
  created_at TEXT NOT NULL,
  UNIQUE (tenant, path)
) STRICT, WITHOUT ROWID;

CREATE INDEX keys_by_parent ON keys (parent_kid);
