-- +goose Up
-- A computation of all rankings. It counts for readers once it is complete; spans are the times of its periods as JSON.
CREATE TABLE {q2ab_rankings} (
  generation BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  computed BIGINT NOT NULL,
  complete TINYINT NOT NULL DEFAULT 0,
  spans TEXT CHARACTER SET ascii NOT NULL
) ENGINE=InnoDB;
-- Who did how much in a period, on the site, in a category or with a tag. A generation has only the boards that differ from the one before:
-- a reader of a generation takes the newest that is not later. entries is what package boards encodes.
CREATE TABLE {q2ab_boards} (
  period VARCHAR(20) CHARACTER SET ascii NOT NULL,
  scope VARBINARY(340) NOT NULL,
  generation BIGINT UNSIGNED NOT NULL,
  checksum BIGINT NOT NULL,
  entries MEDIUMBLOB NOT NULL,
  PRIMARY KEY (period, scope, generation),
  KEY generation (generation)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_boards};
DROP TABLE {q2ab_rankings};
