-- +goose Up
-- Entries of the inbox are found by the event that made them, so that people can be told of them elsewhere.
ALTER TABLE {q2ab_inbox} ADD KEY event_seq (seq);
-- Whether members want entries pushed to their devices; NULL is the default of the kind.
ALTER TABLE {q2ab_preferences} ADD COLUMN push TINYINT UNSIGNED NULL;
-- Devices (browsers) to which members have entries of their inbox pushed. hash is that of the endpoint; expires is 0 if the
-- browser did not say. failures counts refusals in a row.
CREATE TABLE {q2ab_push_subscriptions} (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  userid INT UNSIGNED NOT NULL,
  hash BINARY(32) NOT NULL,
  endpoint VARCHAR(1000) CHARACTER SET ascii NOT NULL,
  p256dh VARBINARY(65) NOT NULL,
  auth VARBINARY(16) NOT NULL,
  created BIGINT NOT NULL,
  used BIGINT NOT NULL DEFAULT 0,
  expires BIGINT NOT NULL DEFAULT 0,
  failures INT UNSIGNED NOT NULL DEFAULT 0,
  UNIQUE KEY endpoint (hash),
  KEY user (userid)
) ENGINE=InnoDB;
-- Entries that wait to be pushed, one row for each device.
CREATE TABLE {q2ab_pushes} (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  subscriptionid BIGINT UNSIGNED NOT NULL,
  entryid BIGINT UNSIGNED NOT NULL,
  seq BIGINT UNSIGNED NOT NULL,
  created BIGINT NOT NULL,
  due BIGINT NOT NULL,
  attempts INT UNSIGNED NOT NULL DEFAULT 0,
  locked_until BIGINT NOT NULL DEFAULT 0,
  fence INT UNSIGNED NOT NULL DEFAULT 0,
  UNIQUE KEY once (subscriptionid, entryid, seq),
  KEY due (due, id)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_pushes};
DROP TABLE {q2ab_push_subscriptions};
ALTER TABLE {q2ab_preferences} DROP COLUMN push;
ALTER TABLE {q2ab_inbox} DROP KEY event_seq;
