-- +goose Up
CREATE TABLE {q2ab_category_moves} (
  categoryid INTEGER NOT NULL PRIMARY KEY,
  target INTEGER NOT NULL,
  removes INTEGER NOT NULL
);
INSERT INTO {q2ab_state} (name, content, updated) VALUES ('categories', '', datetime('now'));

-- +goose Down
DELETE FROM {q2ab_state} WHERE name = 'categories';
DROP TABLE {q2ab_category_moves};
