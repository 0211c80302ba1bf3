-- +goose Up
-- Accounts that are being merged into another (intoid) or anonymised (intoid 0), until that is done.
CREATE TABLE {q2ab_account_work} (
  userid INT UNSIGNED NOT NULL PRIMARY KEY,
  intoid INT UNSIGNED NOT NULL DEFAULT 0,
  byuserid INT UNSIGNED NOT NULL,
  asked BIGINT NOT NULL,
  failures INT UNSIGNED NOT NULL DEFAULT 0,
  KEY into_account (intoid)
) ENGINE=InnoDB;
-- Copies of what the site holds about members. object is the archive's name in the store, hash the SHA-256 of
-- the link's token. Those in the state dropped belong to nobody (userid 0), and their archives are to be removed.
CREATE TABLE {q2ab_exports} (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  userid INT UNSIGNED NOT NULL,
  state VARCHAR(10) CHARACTER SET ascii NOT NULL,
  asked BIGINT NOT NULL,
  attempts INT UNSIGNED NOT NULL DEFAULT 0,
  done BIGINT NOT NULL DEFAULT 0,
  total BIGINT NOT NULL DEFAULT 0,
  object VARCHAR(80) CHARACTER SET ascii NOT NULL,
  hash BINARY(32) NULL,
  bytes BIGINT NOT NULL DEFAULT 0,
  finished BIGINT NOT NULL DEFAULT 0,
  expires BIGINT NOT NULL DEFAULT 0,
  UNIQUE KEY hash (hash),
  KEY byuser (userid, id),
  KEY state (state, id)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_exports};
DROP TABLE {q2ab_account_work};
