-- +goose Up
-- How often members want to be mailed of what they follow: none, at-once, daily or weekly; site is for all questions. Members who
-- have chosen nothing have no row.
CREATE TABLE {q2ab_follow_mails} (
  userid INT UNSIGNED NOT NULL PRIMARY KEY,
  tags VARCHAR(10) CHARACTER SET ascii NOT NULL,
  categories VARCHAR(10) CHARACTER SET ascii NOT NULL,
  users VARCHAR(10) CHARACTER SET ascii NOT NULL,
  questions VARCHAR(10) CHARACTER SET ascii NOT NULL,
  site VARCHAR(10) CHARACTER SET ascii NOT NULL
) ENGINE=InnoDB;
-- Posts that members were to be mailed of at once: state is mailed, or over (more than fits into a day) until a digest tells of
-- them, then told. told_on is the community's day, as in 20261130.
CREATE TABLE {q2ab_followed} (
  userid INT UNSIGNED NOT NULL,
  postid INT UNSIGNED NOT NULL,
  seq BIGINT UNSIGNED NOT NULL,
  at BIGINT NOT NULL,
  told_on INT UNSIGNED NOT NULL,
  state VARCHAR(10) CHARACTER SET ascii NOT NULL,
  PRIMARY KEY (userid, postid),
  KEY postid (postid),
  KEY counted (told_on, userid, state)
) ENGINE=InnoDB;
-- Digests that were made, so that nobody gets one twice: made_for is the end of the time that it is about. The row of userid 0 says
-- that all digests of that time were made.
CREATE TABLE {q2ab_digests} (
  userid INT UNSIGNED NOT NULL,
  often VARCHAR(10) CHARACTER SET ascii NOT NULL,
  made_for BIGINT NOT NULL,
  PRIMARY KEY (userid, often, made_for),
  KEY made_for (made_for)
) ENGINE=InnoDB;

-- +goose Down
-- The release before cannot send them.
DELETE FROM {q2ab_mail} WHERE kind IN ('followed_question', 'followed_answer', 'digest_daily', 'digest_weekly');
DROP TABLE {q2ab_digests};
DROP TABLE {q2ab_followed};
DROP TABLE {q2ab_follow_mails};
