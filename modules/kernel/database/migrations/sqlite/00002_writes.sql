-- +goose Up
CREATE TABLE {q2ab_outbox} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seq INTEGER NULL UNIQUE,
  name TEXT NOT NULL,
  at INTEGER NOT NULL,
  payload TEXT NOT NULL
);
CREATE TABLE {q2ab_consumers} (
  name TEXT NOT NULL PRIMARY KEY,
  position INTEGER NOT NULL
);
INSERT INTO {q2ab_consumers} (name, position) VALUES ('', 0);
CREATE TABLE {q2ab_idempotency} (
  id BLOB NOT NULL PRIMARY KEY,
  fingerprint BLOB NOT NULL,
  resource INTEGER NOT NULL,
  created INTEGER NOT NULL,
  status INTEGER NULL,
  headers TEXT NULL,
  body BLOB NULL
);
CREATE INDEX {q2ab_idempotency}_created ON {q2ab_idempotency} (created);

-- +goose Down
DROP TABLE {q2ab_outbox};
DROP TABLE {q2ab_consumers};
DROP TABLE {q2ab_idempotency};
