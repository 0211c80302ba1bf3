-- +goose Up
-- What services outside found suspicious: posts, and accounts when they were registered. useragent is kept until
-- a moderator's decision about a post has been told to the service (due is 0 then).
CREATE TABLE {q2ab_spam_checks} (
  kind VARCHAR(4) CHARACTER SET ascii NOT NULL,
  subject INT UNSIGNED NOT NULL,
  service VARCHAR(20) CHARACTER SET ascii NOT NULL,
  verdict VARCHAR(20) CHARACTER SET ascii NOT NULL,
  reason VARCHAR(20) CHARACTER SET ascii NOT NULL,
  at BIGINT NOT NULL,
  useragent VARCHAR(255) CHARACTER SET utf8mb4 NOT NULL DEFAULT '',
  decision VARCHAR(4) CHARACTER SET ascii NOT NULL DEFAULT '',
  due BIGINT NOT NULL DEFAULT 0,
  attempts INT NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, subject),
  KEY due (due),
  KEY newest (kind, at)
) ENGINE=InnoDB;
-- What moderators note about users and posts.
CREATE TABLE {q2ab_notes} (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  kind VARCHAR(4) CHARACTER SET ascii NOT NULL,
  subject INT UNSIGNED NOT NULL,
  byuserid INT UNSIGNED NOT NULL,
  at BIGINT NOT NULL,
  content VARCHAR(2000) CHARACTER SET utf8mb4 NOT NULL,
  KEY subject (kind, subject, id),
  KEY byuser (byuserid)
) ENGINE=InnoDB;
-- Who is looking at a user or a post that others moderate too.
CREATE TABLE {q2ab_review_locks} (
  kind VARCHAR(4) CHARACTER SET ascii NOT NULL,
  subject INT UNSIGNED NOT NULL,
  userid INT UNSIGNED NOT NULL,
  until BIGINT NOT NULL,
  PRIMARY KEY (kind, subject),
  KEY byuser (userid),
  KEY until (until)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_review_locks};
DROP TABLE {q2ab_notes};
DROP TABLE {q2ab_spam_checks};
