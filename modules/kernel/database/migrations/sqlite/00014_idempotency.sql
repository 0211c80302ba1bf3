-- +goose Up
DROP TABLE {q2ab_idempotency};
CREATE TABLE {q2ab_idempotency} (
  id BLOB NOT NULL PRIMARY KEY,
  client BLOB NOT NULL,
  fingerprint BLOB NOT NULL,
  resource INTEGER NOT NULL,
  created INTEGER NOT NULL,
  status INTEGER NULL,
  headers TEXT NULL,
  body BLOB NULL
);
CREATE INDEX {q2ab_idempotency}_created ON {q2ab_idempotency} (created);
CREATE INDEX {q2ab_idempotency}_client ON {q2ab_idempotency} (client, created);
CREATE TABLE {q2ab_secrets} (
  name TEXT NOT NULL PRIMARY KEY,
  secret BLOB NOT NULL
);

-- +goose Down
DROP INDEX {q2ab_idempotency}_client;
ALTER TABLE {q2ab_idempotency} DROP COLUMN client;
DROP TABLE {q2ab_secrets};
