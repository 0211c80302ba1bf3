-- +goose Up
-- Who is told of events by HTTP. A process that sends to a receiver holds its row (locked_until, fence), so that each receiver gets one
-- request at a time.
CREATE TABLE {q2ab_webhooks} (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  url VARCHAR(2000) CHARACTER SET utf8mb4 NOT NULL,
  description VARCHAR(500) CHARACTER SET utf8mb4 NOT NULL,
  -- separated by commas; empty for all
  kinds VARCHAR(500) CHARACTER SET ascii NOT NULL,
  enabled TINYINT UNSIGNED NOT NULL,
  -- why the server has switched it off; empty if it has not
  disabled_reason VARCHAR(20) CHARACTER SET ascii NOT NULL DEFAULT '',
  -- both keys of signatures, sealed with AUTH_KEY_SECRET or not; the old ones sign too until old_until
  secret VARBINARY(255) NOT NULL,
  sealed TINYINT UNSIGNED NOT NULL,
  old_secret VARBINARY(255) NULL,
  old_sealed TINYINT UNSIGNED NOT NULL DEFAULT 0,
  old_until BIGINT NOT NULL DEFAULT 0,
  revision INT UNSIGNED NOT NULL DEFAULT 1,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  -- the first failed attempt since one has succeeded; 0 if the last one succeeded
  failing_since BIGINT NOT NULL DEFAULT 0,
  -- the receiver has asked not to be called before
  paused_until BIGINT NOT NULL DEFAULT 0,
  served BIGINT NOT NULL DEFAULT 0,
  locked_until BIGINT NOT NULL DEFAULT 0,
  fence INT UNSIGNED NOT NULL DEFAULT 0
) ENGINE=InnoDB;
-- What receivers are told or were told: the queue and the log. topics says what the event is about, in ids and words of
-- the site; the message is made of it when it is sent.
CREATE TABLE {q2ab_deliveries} (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  webhookid INT UNSIGNED NOT NULL,
  -- of the event; NULL for tests
  seq BIGINT UNSIGNED NULL,
  messageid VARCHAR(40) CHARACTER SET ascii NOT NULL,
  kind VARCHAR(20) CHARACTER SET ascii NOT NULL,
  at BIGINT NOT NULL,
  topics TEXT CHARACTER SET utf8mb4 NOT NULL,
  state VARCHAR(10) CHARACTER SET ascii NOT NULL,
  attempts INT UNSIGNED NOT NULL DEFAULT 0,
  -- 0 for first attempts, which go before all others, in the order of id
  due BIGINT NOT NULL DEFAULT 0,
  created BIGINT NOT NULL,
  -- of the last attempt; status and tried are 0 if there was none
  tried BIGINT NOT NULL DEFAULT 0,
  status INT UNSIGNED NOT NULL DEFAULT 0,
  milliseconds INT UNSIGNED NOT NULL DEFAULT 0,
  failure VARCHAR(20) CHARACTER SET ascii NOT NULL DEFAULT '',
  UNIQUE KEY event (webhookid, seq),
  KEY list (webhookid, id),
  KEY queue (webhookid, state, due, id),
  KEY created (created)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_deliveries};
DROP TABLE {q2ab_webhooks};
