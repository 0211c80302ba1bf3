-- +goose Up
CREATE TABLE {q2ab_statistics} (
  period TEXT NOT NULL,
  start TEXT NOT NULL,
  figures TEXT NOT NULL,
  computed INTEGER NOT NULL,
  PRIMARY KEY (period, start)
);
CREATE TABLE IF NOT EXISTS {statics_cohort} (
  date TEXT NOT NULL,
  number INTEGER NOT NULL,
  value INTEGER NOT NULL,
  total INTEGER NOT NULL,
  datetype TEXT NOT NULL,
  type TEXT NOT NULL
);

-- +goose Down
DROP TABLE {q2ab_statistics};
