-- +goose Up
-- What administrators and moderators have changed, by operations of the API and by commands. Rows are only ever added; when an
-- account is deleted, what they hold of that person is blanked.
CREATE TABLE {q2ab_audit} (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  at BIGINT NOT NULL,
  byuserid INT UNSIGNED NOT NULL,
  byhandle VARCHAR(80) CHARACTER SET utf8mb4 NOT NULL,
  ip VARCHAR(45) CHARACTER SET ascii NOT NULL,
  action VARCHAR(60) CHARACTER SET ascii NOT NULL,
  kind VARCHAR(20) CHARACTER SET ascii NOT NULL,
  subject VARCHAR(100) CHARACTER SET utf8mb4 NOT NULL,
  was MEDIUMTEXT CHARACTER SET utf8mb4,
  became MEDIUMTEXT CHARACTER SET utf8mb4,
  KEY byuser (byuserid, id),
  KEY subject (kind, subject, id),
  KEY action (action, id)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_audit};
