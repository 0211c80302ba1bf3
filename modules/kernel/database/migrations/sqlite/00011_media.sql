-- +goose Up
CREATE TABLE {q2ab_media} (
  blobid TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL,
  format TEXT NOT NULL DEFAULT '',
  noted INTEGER NOT NULL,
  width INTEGER NOT NULL DEFAULT 0,
  height INTEGER NOT NULL DEFAULT 0,
  still INTEGER NOT NULL DEFAULT 0,
  blurhash TEXT NOT NULL DEFAULT '',
  in_store INTEGER NOT NULL DEFAULT 0,
  verified INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  hash BLOB NULL,
  skipped INTEGER NOT NULL DEFAULT 0,
  kept INTEGER NOT NULL DEFAULT 0,
  purged INTEGER NOT NULL DEFAULT 0,
  doubted INTEGER NOT NULL DEFAULT 0,
  upload TEXT NULL
);
CREATE INDEX {q2ab_media}_state ON {q2ab_media} (state, blobid);
CREATE INDEX {q2ab_media}_in_store ON {q2ab_media} (in_store, purged, blobid);
CREATE INDEX {q2ab_media}_doubted ON {q2ab_media} (doubted);

-- +goose Down
DROP TABLE {q2ab_media};
