-- +goose Up
CREATE INDEX {q2ab_inbox}_seq ON {q2ab_inbox} (seq);
ALTER TABLE {q2ab_preferences} ADD COLUMN push INTEGER NULL;
CREATE TABLE {q2ab_push_subscriptions} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  userid INTEGER NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  endpoint TEXT NOT NULL,
  p256dh BLOB NOT NULL,
  auth BLOB NOT NULL,
  created INTEGER NOT NULL,
  used INTEGER NOT NULL DEFAULT 0,
  expires INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX {q2ab_push_subscriptions}_user ON {q2ab_push_subscriptions} (userid);
CREATE TABLE {q2ab_pushes} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  subscriptionid INTEGER NOT NULL,
  entryid INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  created INTEGER NOT NULL,
  due INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  locked_until INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  UNIQUE (subscriptionid, entryid, seq)
);
CREATE INDEX {q2ab_pushes}_due ON {q2ab_pushes} (due, id);

-- +goose Down
DROP TABLE {q2ab_pushes};
DROP TABLE {q2ab_push_subscriptions};
DROP INDEX {q2ab_inbox}_seq;
ALTER TABLE {q2ab_preferences} DROP COLUMN push;
