-- +goose Up
-- What happened in a day, week or month of the community; figures is JSON, start the first day.
CREATE TABLE {q2ab_statistics} (
  period VARCHAR(10) CHARACTER SET ascii NOT NULL,
  start CHAR(10) CHARACTER SET ascii NOT NULL,
  figures TEXT CHARACTER SET ascii NOT NULL,
  computed BIGINT NOT NULL,
  PRIMARY KEY (period, start)
) ENGINE=InnoDB;
-- The table of the plugin q2a-statics, as it makes it; it stays if this backend goes.
CREATE TABLE IF NOT EXISTS {statics_cohort} (
  `date` DATETIME NOT NULL,
  number INT(10) UNSIGNED NOT NULL,
  value INT(10) UNSIGNED NOT NULL,
  total INT(10) UNSIGNED NOT NULL,
  datetype VARCHAR(20) NOT NULL,
  type VARCHAR(20) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

-- +goose Down
DROP TABLE {q2ab_statistics};
