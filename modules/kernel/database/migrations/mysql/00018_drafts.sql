-- +goose Up
-- What members have not posted yet. A row is the draft as the API took it, or, without a draft, the note of one that the old site's plugin
-- q2a-auto-save keeps in usermetas. mirror is the SHA-256 of the copy that PHP finds in usermetas, NULL where there is none; if the row there
-- is another, PHP has written it since. newest is the greatest id of a post (kind message: of a message) when it was saved: a greater one
-- of the same user in the same place is what became of the draft.
CREATE TABLE {q2ab_drafts} (
  userid INT UNSIGNED NOT NULL,
  kind VARCHAR(10) CHARACTER SET ascii NOT NULL,
  subject INT UNSIGNED NOT NULL,
  draft MEDIUMTEXT CHARACTER SET utf8mb4 NULL,
  mirror BINARY(32) NULL,
  newest INT UNSIGNED NOT NULL,
  saved BIGINT NOT NULL,
  PRIMARY KEY (userid, kind, subject),
  KEY saved (saved)
) ENGINE=InnoDB;
-- Notices of administrators to all members, which a job hands out: sent is the user who got it last, and last the newest user when it was made.
CREATE TABLE {q2ab_notices} (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  content TEXT CHARACTER SET utf8mb4 NOT NULL,
  format VARCHAR(20) CHARACTER SET ascii NOT NULL,
  tags VARCHAR(200) CHARACTER SET utf8mb4 NULL,
  byuserid INT UNSIGNED NOT NULL,
  made BIGINT NOT NULL,
  last INT UNSIGNED NOT NULL,
  sent INT UNSIGNED NOT NULL DEFAULT 0,
  members INT UNSIGNED NOT NULL DEFAULT 0,
  done TINYINT NOT NULL DEFAULT 0,
  KEY done (done, id)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_notices};
DROP TABLE {q2ab_drafts};
