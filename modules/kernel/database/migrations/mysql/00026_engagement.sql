-- +goose Up
-- What the site has sent its members by itself (thanks, advice, reminders), so that nobody gets a step of a kind twice. userid is 0
-- for what goes to addresses in the site's options. step is what a kind counts: a round, a post, a number, a day.
CREATE TABLE {q2ab_engagement} (
  userid INT UNSIGNED NOT NULL,
  kind VARCHAR(30) CHARACTER SET ascii NOT NULL,
  step BIGINT UNSIGNED NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (userid, kind, step),
  KEY kind (kind, step)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_engagement};
