-- +goose Up
-- Mailings to all members. Q2A's options say how far the one under way is; here are its texts as they were when it began, and what
-- this backend did: stamp is the mailing_last_timestamp that it wrote last, by which it knows whether the old site has sent since,
-- settled is from when on it may send since it took over, and due is when it sends next. ended is 0 until the mailing is over.
CREATE TABLE {q2ab_mailings} (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  from_name VARCHAR(800) CHARACTER SET utf8mb4 NOT NULL,
  from_email VARCHAR(200) CHARACTER SET utf8mb4 NOT NULL,
  subject VARCHAR(800) CHARACTER SET utf8mb4 NOT NULL,
  body MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL,
  byuserid INT UNSIGNED NOT NULL,
  began BIGINT NOT NULL,
  ended BIGINT NOT NULL DEFAULT 0,
  recipients INT UNSIGNED NOT NULL DEFAULT 0,
  stamp VARCHAR(40) CHARACTER SET ascii NOT NULL DEFAULT '',
  settled BIGINT NOT NULL DEFAULT 0,
  due BIGINT NOT NULL DEFAULT 0,
  KEY ended (ended, id)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_mailings};
