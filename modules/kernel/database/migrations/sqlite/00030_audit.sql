-- +goose Up
CREATE TABLE {q2ab_audit} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  byuserid INTEGER NOT NULL,
  byhandle TEXT NOT NULL,
  ip TEXT NOT NULL,
  action TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  was TEXT,
  became TEXT
);
CREATE INDEX {q2ab_audit}_byuser ON {q2ab_audit} (byuserid, id);
CREATE INDEX {q2ab_audit}_subject ON {q2ab_audit} (kind, subject, id);
CREATE INDEX {q2ab_audit}_action ON {q2ab_audit} (action, id);

-- +goose Down
DROP TABLE {q2ab_audit};
