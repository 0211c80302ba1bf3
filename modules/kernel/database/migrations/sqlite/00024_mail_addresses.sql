-- +goose Up
CREATE TABLE {q2ab_mail_addresses} (
  address BLOB NOT NULL PRIMARY KEY,
  userid INTEGER NOT NULL DEFAULT 0,
  problem TEXT NOT NULL DEFAULT '',
  failures INTEGER NOT NULL DEFAULT 0,
  at INTEGER NOT NULL
);
CREATE INDEX {q2ab_mail_addresses}_userid ON {q2ab_mail_addresses} (userid);
CREATE INDEX {q2ab_mail_addresses}_at ON {q2ab_mail_addresses} (at);
CREATE TABLE {q2ab_mail_notifications} (
  id BLOB NOT NULL PRIMARY KEY,
  at INTEGER NOT NULL
);
CREATE INDEX {q2ab_mail_notifications}_at ON {q2ab_mail_notifications} (at);

-- +goose Down
DROP TABLE {q2ab_mail_notifications};
DROP TABLE {q2ab_mail_addresses};
