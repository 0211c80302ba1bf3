-- +goose Up
CREATE TABLE {q2ab_postings} (
  wordid INTEGER NOT NULL PRIMARY KEY,
  edited TEXT NOT NULL,
  newest INTEGER NOT NULL,
  postings BLOB NOT NULL
);

-- +goose Down
DROP TABLE {q2ab_postings};
