-- +goose Up
CREATE TABLE {q2ab_account_work} (
  userid INTEGER NOT NULL PRIMARY KEY,
  intoid INTEGER NOT NULL DEFAULT 0,
  byuserid INTEGER NOT NULL,
  asked INTEGER NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX {q2ab_account_work}_into ON {q2ab_account_work} (intoid);
CREATE TABLE {q2ab_exports} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  userid INTEGER NOT NULL,
  state TEXT NOT NULL,
  asked INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0,
  total INTEGER NOT NULL DEFAULT 0,
  object TEXT NOT NULL,
  hash BLOB NULL,
  bytes INTEGER NOT NULL DEFAULT 0,
  finished INTEGER NOT NULL DEFAULT 0,
  expires INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX {q2ab_exports}_hash ON {q2ab_exports} (hash);
CREATE INDEX {q2ab_exports}_byuser ON {q2ab_exports} (userid, id);
CREATE INDEX {q2ab_exports}_state ON {q2ab_exports} (state, id);

-- +goose Down
DROP TABLE {q2ab_exports};
DROP TABLE {q2ab_account_work};
