-- +goose Up
-- Tokens by which programs use the API for a user. hash is the SHA-256 of the token, which is nowhere else.
CREATE TABLE {q2ab_api_tokens} (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  userid INT UNSIGNED NOT NULL,
  hash BINARY(32) NOT NULL,
  name VARCHAR(60) CHARACTER SET utf8mb4 NOT NULL,
  scopes VARCHAR(60) CHARACTER SET ascii NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  used BIGINT NOT NULL DEFAULT 0,
  UNIQUE KEY hash (hash),
  KEY byuser (userid, id)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_api_tokens};
