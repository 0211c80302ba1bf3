-- +goose Up
CREATE TABLE {q2ab_engagement} (
  userid INTEGER NOT NULL,
  kind TEXT NOT NULL,
  step INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (userid, kind, step)
);
CREATE INDEX {q2ab_engagement}_kind ON {q2ab_engagement} (kind, step);

-- +goose Down
DROP TABLE {q2ab_engagement};
