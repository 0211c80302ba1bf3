-- +goose Up
-- Addresses that mails come back from, or whose owners complain, by a keyed hash of the address. userid is 0 for those of no
-- account. failures counts the passing failures, at most one a day, the last of them at the time at.
CREATE TABLE {q2ab_mail_addresses} (
  address BINARY(32) NOT NULL PRIMARY KEY,
  userid INT UNSIGNED NOT NULL DEFAULT 0,
  problem VARCHAR(12) CHARACTER SET ascii NOT NULL DEFAULT '',
  failures INT UNSIGNED NOT NULL DEFAULT 0,
  at BIGINT NOT NULL,
  KEY userid (userid),
  KEY at (at)
) ENGINE=InnoDB;
-- The hashes of the ids of notifications that were taken, so that none is taken twice.
CREATE TABLE {q2ab_mail_notifications} (
  id BINARY(32) NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  KEY at (at)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_mail_notifications};
DROP TABLE {q2ab_mail_addresses};
