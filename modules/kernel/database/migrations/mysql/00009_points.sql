-- +goose Up
-- Points that are being computed with other weights, and what the row in userpoints was like when that was done.
CREATE TABLE {q2ab_points_next} (
  userid INT UNSIGNED NOT NULL PRIMARY KEY,
  points INT NOT NULL,
  qvoteds INT NOT NULL,
  avoteds INT NOT NULL,
  cvoteds INT NOT NULL,
  seen BIGINT NOT NULL
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_points_next};
