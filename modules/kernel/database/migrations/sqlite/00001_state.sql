-- +goose Up
CREATE TABLE {q2ab_state} (
  name TEXT NOT NULL PRIMARY KEY,
  content TEXT NOT NULL,
  updated TEXT NOT NULL
);
INSERT INTO {q2ab_state} (name, content, updated) VALUES ('installed', 'yes', datetime('now'));

-- +goose Down
DROP TABLE {q2ab_state};
