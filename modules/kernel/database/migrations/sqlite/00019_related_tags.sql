-- +goose Up
CREATE TABLE {q2ab_related_tags} (
  wordid INTEGER NOT NULL,
  relatedid INTEGER NOT NULL,
  together INTEGER NOT NULL,
  PRIMARY KEY (wordid, relatedid)
);

-- +goose Down
DROP TABLE {q2ab_related_tags};
