-- +goose Up
CREATE TABLE {q2ab_dead_mail} (
  id INTEGER NOT NULL PRIMARY KEY,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  userid INTEGER NOT NULL,
  postid INTEGER NOT NULL,
  params TEXT NULL,
  created INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX {q2ab_dead_mail}_list ON {q2ab_dead_mail} (at, id);
CREATE INDEX {q2ab_dead_mail}_userid ON {q2ab_dead_mail} (userid);
ALTER TABLE {q2ab_mail} ADD COLUMN slot INTEGER NOT NULL DEFAULT 0;
ALTER TABLE {q2ab_mail} ADD COLUMN retried INTEGER NOT NULL DEFAULT 0;
CREATE TABLE {q2ab_mail_hosts} (
  host BLOB NOT NULL PRIMARY KEY,
  minute INTEGER NOT NULL,
  mails INTEGER NOT NULL
);
CREATE INDEX {q2ab_mail_hosts}_minute ON {q2ab_mail_hosts} (minute);

-- +goose Down
DROP TABLE {q2ab_mail_hosts};
ALTER TABLE {q2ab_mail} DROP COLUMN slot;
ALTER TABLE {q2ab_mail} DROP COLUMN retried;
DROP TABLE {q2ab_dead_mail};
