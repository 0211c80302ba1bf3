-- +goose Up
-- Versions of posts, as they were after each edit, and the version before the first one. A post has a bounded number of slots: the first
-- version has the slot 0, all others go round in the rest, so that the newest take the places of the oldest but the first.
CREATE TABLE {q2ab_revisions} (
  postid INT UNSIGNED NOT NULL,
  slot INT UNSIGNED NOT NULL,
  number INT UNSIGNED NOT NULL,
  -- of all that follows, to see whether somebody else has changed the post meanwhile
  hash CHAR(32) CHARACTER SET ascii NOT NULL,
  at BIGINT NOT NULL,
  -- who made this version; NULL for visitors, for deleted accounts, and where that is not known
  userid INT UNSIGNED NULL,
  -- whether the edit left no trace on the post
  silent TINYINT NOT NULL,
  -- whether the versions before this one are shown only to those who may see hidden posts
  withholds TINYINT NOT NULL,
  title VARCHAR(800) CHARACTER SET utf8mb4 NOT NULL,
  content MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL,
  format VARCHAR(20) CHARACTER SET ascii NOT NULL,
  tags VARCHAR(800) CHARACTER SET utf8mb4 NOT NULL,
  categoryid INT UNSIGNED NOT NULL,
  PRIMARY KEY (postid, slot),
  KEY userid (userid)
) ENGINE=InnoDB;
-- Tickets for streams of events, by their SHA-256: each stands once for a bearer token.
CREATE TABLE {q2ab_tickets} (
  id BINARY(32) NOT NULL PRIMARY KEY,
  userid INT UNSIGNED NOT NULL,
  session VARCHAR(64) CHARACTER SET ascii NOT NULL,
  level INT NOT NULL,
  expires BIGINT NOT NULL,
  KEY userid (userid, expires),
  KEY expires (expires)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_revisions};
DROP TABLE {q2ab_tickets};
