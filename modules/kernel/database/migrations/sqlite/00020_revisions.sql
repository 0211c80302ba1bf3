-- +goose Up
CREATE TABLE {q2ab_revisions} (
  postid INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hash TEXT NOT NULL,
  at INTEGER NOT NULL,
  userid INTEGER NULL,
  silent INTEGER NOT NULL,
  withholds INTEGER NOT NULL,
  title TEXT NOT NULL,
  content TEXT NOT NULL,
  format TEXT NOT NULL,
  tags TEXT NOT NULL,
  categoryid INTEGER NOT NULL,
  PRIMARY KEY (postid, slot)
);
CREATE INDEX {q2ab_revisions}_userid ON {q2ab_revisions} (userid);
CREATE TABLE {q2ab_tickets} (
  id BLOB NOT NULL PRIMARY KEY,
  userid INTEGER NOT NULL,
  session TEXT NOT NULL,
  level INTEGER NOT NULL,
  expires INTEGER NOT NULL
);
CREATE INDEX {q2ab_tickets}_userid ON {q2ab_tickets} (userid, expires);
CREATE INDEX {q2ab_tickets}_expires ON {q2ab_tickets} (expires);

-- +goose Down
DROP TABLE {q2ab_revisions};
DROP TABLE {q2ab_tickets};
