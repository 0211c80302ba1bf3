-- +goose Up
CREATE TABLE {q2ab_api_tokens} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  userid INTEGER NOT NULL,
  hash BLOB NOT NULL,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  used INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX {q2ab_api_tokens}_hash ON {q2ab_api_tokens} (hash);
CREATE INDEX {q2ab_api_tokens}_byuser ON {q2ab_api_tokens} (userid, id);

-- +goose Down
DROP TABLE {q2ab_api_tokens};
