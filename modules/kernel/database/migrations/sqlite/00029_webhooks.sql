-- +goose Up
CREATE TABLE {q2ab_webhooks} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  url TEXT NOT NULL,
  description TEXT NOT NULL,
  kinds TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  disabled_reason TEXT NOT NULL DEFAULT '',
  secret BLOB NOT NULL,
  sealed INTEGER NOT NULL,
  old_secret BLOB NULL,
  old_sealed INTEGER NOT NULL DEFAULT 0,
  old_until INTEGER NOT NULL DEFAULT 0,
  revision INTEGER NOT NULL DEFAULT 1,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  failing_since INTEGER NOT NULL DEFAULT 0,
  paused_until INTEGER NOT NULL DEFAULT 0,
  served INTEGER NOT NULL DEFAULT 0,
  locked_until INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE {q2ab_deliveries} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  webhookid INTEGER NOT NULL,
  seq INTEGER NULL,
  messageid TEXT NOT NULL,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  topics TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  due INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  tried INTEGER NOT NULL DEFAULT 0,
  status INTEGER NOT NULL DEFAULT 0,
  milliseconds INTEGER NOT NULL DEFAULT 0,
  failure TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX {q2ab_deliveries}_event ON {q2ab_deliveries} (webhookid, seq);
CREATE INDEX {q2ab_deliveries}_list ON {q2ab_deliveries} (webhookid, id);
CREATE INDEX {q2ab_deliveries}_queue ON {q2ab_deliveries} (webhookid, state, due, id);
CREATE INDEX {q2ab_deliveries}_created ON {q2ab_deliveries} (created);

-- +goose Down
DROP TABLE {q2ab_deliveries};
DROP TABLE {q2ab_webhooks};
