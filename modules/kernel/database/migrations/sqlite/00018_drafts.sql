-- +goose Up
CREATE TABLE {q2ab_drafts} (
  userid INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject INTEGER NOT NULL,
  draft TEXT NULL,
  mirror BLOB NULL,
  newest INTEGER NOT NULL,
  saved INTEGER NOT NULL,
  PRIMARY KEY (userid, kind, subject)
);
CREATE INDEX {q2ab_drafts}_saved ON {q2ab_drafts} (saved);
CREATE TABLE {q2ab_notices} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  content TEXT NOT NULL,
  format TEXT NOT NULL,
  tags TEXT NULL,
  byuserid INTEGER NOT NULL,
  made INTEGER NOT NULL,
  last INTEGER NOT NULL,
  sent INTEGER NOT NULL DEFAULT 0,
  members INTEGER NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX {q2ab_notices}_done ON {q2ab_notices} (done, id);

-- +goose Down
DROP TABLE {q2ab_notices};
DROP TABLE {q2ab_drafts};
