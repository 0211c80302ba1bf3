-- +goose Up
-- Mails that wait to be sent. Addresses, names and codes are not among them: they are read when the mail is sent. userid is
-- 0 for mails to the site's own address; params is for kinds that need to know more, as a JSON object. A process holds a row
-- until locked_until, and fence grows with each holder: what an earlier one writes later is refused.
CREATE TABLE {q2ab_mail} (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  seq BIGINT UNSIGNED NOT NULL,
  kind VARCHAR(30) CHARACTER SET ascii NOT NULL,
  userid INT UNSIGNED NOT NULL,
  params TEXT CHARACTER SET utf8mb4 NULL,
  created BIGINT NOT NULL,
  due BIGINT NOT NULL,
  attempts INT UNSIGNED NOT NULL DEFAULT 0,
  locked_until BIGINT NOT NULL DEFAULT 0,
  fence INT UNSIGNED NOT NULL DEFAULT 0,
  UNIQUE KEY event (seq, kind, userid),
  KEY due (due, id)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_mail};
