-- +goose Up
-- What members are told of on the site. Events of one kind about one subject (a question, a sender) share a row until it is
-- read: occurrences counts them, and seq, postid, messageid, byuserid and at are those of the newest.
CREATE TABLE {q2ab_inbox} (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  userid INT UNSIGNED NOT NULL,
  kind VARCHAR(20) CHARACTER SET ascii NOT NULL,
  subject INT UNSIGNED NOT NULL,
  seq BIGINT UNSIGNED NOT NULL,
  postid INT UNSIGNED NOT NULL DEFAULT 0,
  messageid INT UNSIGNED NOT NULL DEFAULT 0,
  byuserid INT UNSIGNED NOT NULL DEFAULT 0,
  number INT NOT NULL DEFAULT 0,
  occurrences INT UNSIGNED NOT NULL DEFAULT 1,
  at BIGINT NOT NULL,
  unread TINYINT UNSIGNED NOT NULL DEFAULT 1,
  UNIQUE KEY event (userid, kind, subject, seq),
  KEY list (userid, seq, id),
  KEY unread (userid, unread)
) ENGINE=InnoDB;
-- What members have chosen about how they are told; rows only where that is not the default.
CREATE TABLE {q2ab_preferences} (
  userid INT UNSIGNED NOT NULL,
  kind VARCHAR(20) CHARACTER SET ascii NOT NULL,
  inbox TINYINT UNSIGNED NOT NULL,
  mail TINYINT UNSIGNED NOT NULL,
  PRIMARY KEY (userid, kind)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_preferences};
DROP TABLE {q2ab_inbox};
