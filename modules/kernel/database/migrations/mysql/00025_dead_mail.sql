-- +goose Up
-- Mails that were refused or given up, with what their rows in the queue held, so that they can be tried again. reason is
-- without addresses.
CREATE TABLE {q2ab_dead_mail} (
  id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  seq BIGINT UNSIGNED NOT NULL,
  kind VARCHAR(30) CHARACTER SET ascii NOT NULL,
  userid INT UNSIGNED NOT NULL,
  postid INT UNSIGNED NOT NULL,
  params TEXT CHARACTER SET utf8mb4 NULL,
  created BIGINT NOT NULL,
  attempts INT UNSIGNED NOT NULL,
  refused TINYINT UNSIGNED NOT NULL,
  reason VARCHAR(200) CHARACTER SET utf8mb4 NOT NULL,
  at BIGINT NOT NULL,
  KEY list (at, id),
  KEY userid (userid)
) ENGINE=InnoDB;
-- slot is when the mail may go to its host, by the limit of mails to one host; 0 while that is not decided. retried is when
-- somebody had the mail tried again.
ALTER TABLE {q2ab_mail} ADD COLUMN slot BIGINT NOT NULL DEFAULT 0, ADD COLUMN retried BIGINT NOT NULL DEFAULT 0;
-- The last minute for which mails to a host are planned, and how many in it. host is a hash of its name.
CREATE TABLE {q2ab_mail_hosts} (
  host BINARY(32) NOT NULL PRIMARY KEY,
  minute BIGINT NOT NULL,
  mails INT UNSIGNED NOT NULL,
  KEY minute (minute)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_mail_hosts};
ALTER TABLE {q2ab_mail} DROP COLUMN slot, DROP COLUMN retried;
DROP TABLE {q2ab_dead_mail};
