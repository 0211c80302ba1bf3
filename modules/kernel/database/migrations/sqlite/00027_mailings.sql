-- +goose Up
CREATE TABLE {q2ab_mailings} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  from_name TEXT NOT NULL,
  from_email TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  byuserid INTEGER NOT NULL,
  began INTEGER NOT NULL,
  ended INTEGER NOT NULL DEFAULT 0,
  recipients INTEGER NOT NULL DEFAULT 0,
  stamp TEXT NOT NULL DEFAULT '',
  settled INTEGER NOT NULL DEFAULT 0,
  due INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX {q2ab_mailings}_ended ON {q2ab_mailings} (ended, id);

-- +goose Down
DROP TABLE {q2ab_mailings};
