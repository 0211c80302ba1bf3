-- +goose Up
-- What happened, for those who act on it later. seq is the place in the order that all processes share: rows get it once
-- they are committed, so that whoever follows it misses none.
CREATE TABLE {q2ab_outbox} (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  seq BIGINT UNSIGNED NULL,
  name VARCHAR(40) CHARACTER SET ascii NOT NULL,
  at BIGINT NOT NULL,
  payload MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL,
  UNIQUE KEY seq (seq)
) ENGINE=InnoDB;
-- How far each consumer of events has come; the row '' holds the last seq that was given.
CREATE TABLE {q2ab_consumers} (
  name VARCHAR(60) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  position BIGINT UNSIGNED NOT NULL
) ENGINE=InnoDB;
INSERT INTO {q2ab_consumers} (name, position) VALUES ('', 0);
-- Answers to POST requests with an Idempotency-Key, kept for a day.
CREATE TABLE {q2ab_idempotency} (
  id BINARY(32) NOT NULL PRIMARY KEY,
  fingerprint BINARY(32) NOT NULL,
  resource BIGINT UNSIGNED NOT NULL,
  created BIGINT NOT NULL,
  status SMALLINT UNSIGNED NULL,
  headers TEXT CHARACTER SET utf8mb4 NULL,
  body MEDIUMBLOB NULL,
  KEY created (created)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_outbox};
DROP TABLE {q2ab_consumers};
DROP TABLE {q2ab_idempotency};
