-- +goose Up
-- The tags that stand together with a tag on the most questions, as the job related-tags found last.
CREATE TABLE {q2ab_related_tags} (
  wordid INT UNSIGNED NOT NULL,
  relatedid INT UNSIGNED NOT NULL,
  together INT UNSIGNED NOT NULL,
  PRIMARY KEY (wordid, relatedid)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_related_tags};
