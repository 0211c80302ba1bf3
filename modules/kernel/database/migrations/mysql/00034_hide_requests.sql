-- +goose Up
-- IP addresses all of whose posts a moderator wants hidden, as long as some are left: what the job hide-address works off. Posts up to
-- last_post are done, and those after upto_post were written later.
CREATE TABLE {q2ab_hide_requests} (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  ip VARBINARY(16) NOT NULL,
  byuserid INT UNSIGNED NOT NULL,
  byip VARBINARY(16) NOT NULL,
  last_post INT UNSIGNED NOT NULL,
  upto_post INT UNSIGNED NOT NULL,
  created BIGINT NOT NULL,
  UNIQUE KEY ip (ip)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_hide_requests};
