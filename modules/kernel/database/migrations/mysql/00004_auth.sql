-- +goose Up
-- Keys of the built-in issuer, as PKCS #8; sealed ones are encrypted with AUTH_KEY_SECRET.
CREATE TABLE {q2ab_keys} (
  kid VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  private BLOB NOT NULL,
  sealed TINYINT NOT NULL,
  created BIGINT NOT NULL
) ENGINE=InnoDB;
-- Refresh tokens, by their SHA-256. A token is used once; all that came from one sign-in are a family. stamp changes with the
-- account's password and session code, whoever changes them.
CREATE TABLE {q2ab_sessions} (
  id BINARY(32) NOT NULL PRIMARY KEY,
  family BINARY(16) NOT NULL,
  userid INT UNSIGNED NOT NULL,
  stamp BINARY(16) NOT NULL,
  started BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  used BIGINT NOT NULL DEFAULT 0,
  KEY family (family),
  KEY userid (userid, expires)
) ENGINE=InnoDB;
-- Attempts at secrets (passwords, codes) and mails asked for, by account and hour.
CREATE TABLE {q2ab_attempts} (
  id BINARY(32) NOT NULL PRIMARY KEY,
  period BIGINT NOT NULL,
  count INT UNSIGNED NOT NULL
) ENGINE=InnoDB;
-- Which user a Cognito sub belongs to. Q2A's userlogins says so too, but has no unique key.
CREATE TABLE {q2ab_people} (
  sub VARBINARY(255) NOT NULL PRIMARY KEY,
  userid INT UNSIGNED NOT NULL,
  created BIGINT NOT NULL
) ENGINE=InnoDB;
-- Accounts whose password the migration trigger has checked for Cognito, and the sub that they have there.
CREATE TABLE {q2ab_migrated} (
  userid INT UNSIGNED NOT NULL PRIMARY KEY,
  username VARBINARY(512) NOT NULL,
  at BIGINT NOT NULL,
  sub VARBINARY(255) NULL,
  KEY username (username)
) ENGINE=InnoDB;
-- Whoever makes an account or changes a name, or makes new words, locks a row: users and words have no unique keys.
INSERT INTO {q2ab_state} (name, content, updated) VALUES ('names', '', CURRENT_TIMESTAMP), ('words', '', CURRENT_TIMESTAMP);

-- +goose Down
DROP TABLE {q2ab_keys};
DROP TABLE {q2ab_sessions};
DROP TABLE {q2ab_attempts};
DROP TABLE {q2ab_people};
DROP TABLE {q2ab_migrated};
DELETE FROM {q2ab_state} WHERE name IN ('names', 'words');
