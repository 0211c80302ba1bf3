-- +goose Up
CREATE TABLE {q2ab_keys} (
  kid TEXT NOT NULL PRIMARY KEY,
  private BLOB NOT NULL,
  sealed INTEGER NOT NULL,
  created INTEGER NOT NULL
);
CREATE TABLE {q2ab_sessions} (
  id BLOB NOT NULL PRIMARY KEY,
  family BLOB NOT NULL,
  userid INTEGER NOT NULL,
  stamp BLOB NOT NULL,
  started INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  used INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX {q2ab_sessions}_family ON {q2ab_sessions} (family);
CREATE INDEX {q2ab_sessions}_userid ON {q2ab_sessions} (userid, expires);
CREATE TABLE {q2ab_attempts} (
  id BLOB NOT NULL PRIMARY KEY,
  period INTEGER NOT NULL,
  count INTEGER NOT NULL
);
CREATE TABLE {q2ab_people} (
  sub TEXT NOT NULL PRIMARY KEY,
  userid INTEGER NOT NULL,
  created INTEGER NOT NULL
);
CREATE TABLE {q2ab_migrated} (
  userid INTEGER NOT NULL PRIMARY KEY,
  username TEXT NOT NULL,
  at INTEGER NOT NULL,
  sub TEXT NULL
);
CREATE INDEX {q2ab_migrated}_username ON {q2ab_migrated} (username);
INSERT INTO {q2ab_state} (name, content, updated) VALUES ('names', '', datetime('now')), ('words', '', datetime('now'));

-- +goose Down
DROP TABLE {q2ab_keys};
DROP TABLE {q2ab_sessions};
DROP TABLE {q2ab_attempts};
DROP TABLE {q2ab_people};
DROP TABLE {q2ab_migrated};
DELETE FROM {q2ab_state} WHERE name IN ('names', 'words');
