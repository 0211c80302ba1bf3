-- +goose Up
CREATE TABLE {q2ab_inbox} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  userid INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  postid INTEGER NOT NULL DEFAULT 0,
  messageid INTEGER NOT NULL DEFAULT 0,
  byuserid INTEGER NOT NULL DEFAULT 0,
  number INTEGER NOT NULL DEFAULT 0,
  occurrences INTEGER NOT NULL DEFAULT 1,
  at INTEGER NOT NULL,
  unread INTEGER NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX {q2ab_inbox}_event ON {q2ab_inbox} (userid, kind, subject, seq);
CREATE INDEX {q2ab_inbox}_list ON {q2ab_inbox} (userid, seq, id);
CREATE INDEX {q2ab_inbox}_unread ON {q2ab_inbox} (userid, unread);
CREATE TABLE {q2ab_preferences} (
  userid INTEGER NOT NULL,
  kind TEXT NOT NULL,
  inbox INTEGER NOT NULL,
  mail INTEGER NOT NULL,
  PRIMARY KEY (userid, kind)
);

-- +goose Down
DROP TABLE {q2ab_preferences};
DROP TABLE {q2ab_inbox};
