-- +goose Up
CREATE TABLE {q2ab_hide_requests} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  ip BLOB NOT NULL,
  byuserid INTEGER NOT NULL,
  byip BLOB NOT NULL,
  last_post INTEGER NOT NULL,
  upto_post INTEGER NOT NULL,
  created INTEGER NOT NULL
);
CREATE UNIQUE INDEX {q2ab_hide_requests}_ip ON {q2ab_hide_requests} (ip);

-- +goose Down
DROP TABLE {q2ab_hide_requests};
