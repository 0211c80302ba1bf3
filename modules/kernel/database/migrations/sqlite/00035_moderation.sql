-- +goose Up
CREATE TABLE {q2ab_spam_checks} (
  kind TEXT NOT NULL,
  subject INTEGER NOT NULL,
  service TEXT NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL,
  useragent TEXT NOT NULL DEFAULT '',
  decision TEXT NOT NULL DEFAULT '',
  due INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, subject)
);
CREATE INDEX {q2ab_spam_checks}_due ON {q2ab_spam_checks} (due);
CREATE INDEX {q2ab_spam_checks}_newest ON {q2ab_spam_checks} (kind, at);
CREATE TABLE {q2ab_notes} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  subject INTEGER NOT NULL,
  byuserid INTEGER NOT NULL,
  at INTEGER NOT NULL,
  content TEXT NOT NULL
);
CREATE INDEX {q2ab_notes}_subject ON {q2ab_notes} (kind, subject, id);
CREATE INDEX {q2ab_notes}_byuser ON {q2ab_notes} (byuserid);
CREATE TABLE {q2ab_review_locks} (
  kind TEXT NOT NULL,
  subject INTEGER NOT NULL,
  userid INTEGER NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (kind, subject)
);
CREATE INDEX {q2ab_review_locks}_byuser ON {q2ab_review_locks} (userid);
CREATE INDEX {q2ab_review_locks}_until ON {q2ab_review_locks} (until);

-- +goose Down
DROP TABLE {q2ab_review_locks};
DROP TABLE {q2ab_notes};
DROP TABLE {q2ab_spam_checks};
