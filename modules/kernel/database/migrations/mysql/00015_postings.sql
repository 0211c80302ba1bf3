-- +goose Up
-- Where common words occur, packed, and how far the word index had come when that was read from it.
CREATE TABLE {q2ab_postings} (
  wordid INT UNSIGNED NOT NULL PRIMARY KEY,
  edited CHAR(19) CHARACTER SET ascii NOT NULL,
  newest INT UNSIGNED NOT NULL,
  postings MEDIUMBLOB NOT NULL
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_postings};
