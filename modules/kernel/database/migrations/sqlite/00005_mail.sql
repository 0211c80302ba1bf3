-- +goose Up
CREATE TABLE {q2ab_mail} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  userid INTEGER NOT NULL,
  params TEXT NULL,
  created INTEGER NOT NULL,
  due INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  locked_until INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX {q2ab_mail}_event ON {q2ab_mail} (seq, kind, userid);
CREATE INDEX {q2ab_mail}_due ON {q2ab_mail} (due, id);

-- +goose Down
DROP TABLE {q2ab_mail};
