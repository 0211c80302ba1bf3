-- +goose Up
CREATE TABLE {q2ab_codes} (
  userid INTEGER NOT NULL PRIMARY KEY,
  code TEXT NOT NULL,
  purpose TEXT NOT NULL,
  stamp BLOB NOT NULL,
  made INTEGER NOT NULL
);
CREATE TABLE {q2ab_locks} (
  id BLOB NOT NULL PRIMARY KEY,
  failures INTEGER NOT NULL,
  locked_until INTEGER NOT NULL,
  last INTEGER NOT NULL
);
CREATE INDEX {q2ab_locks}_last ON {q2ab_locks} (last);

-- +goose Down
DROP TABLE {q2ab_codes};
DROP TABLE {q2ab_locks};
