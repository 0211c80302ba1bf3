-- +goose Up
CREATE TABLE {q2ab_points_next} (
  userid INTEGER NOT NULL PRIMARY KEY,
  points INTEGER NOT NULL,
  qvoteds INTEGER NOT NULL,
  avoteds INTEGER NOT NULL,
  cvoteds INTEGER NOT NULL,
  seen INTEGER NOT NULL
);

-- +goose Down
DROP TABLE {q2ab_points_next};
