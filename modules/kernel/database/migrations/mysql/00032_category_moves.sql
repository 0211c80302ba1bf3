-- +goose Up
-- Categories whose posts a job is moving to another category. categoryid 0 stands for posts without a category,
-- and target 0 for no category. removes says that the category goes once it is empty.
CREATE TABLE {q2ab_category_moves} (
  categoryid INT UNSIGNED NOT NULL PRIMARY KEY,
  target INT UNSIGNED NOT NULL,
  removes TINYINT UNSIGNED NOT NULL
) ENGINE=InnoDB;
INSERT INTO {q2ab_state} (name, content, updated) VALUES ('categories', '', CURRENT_TIMESTAMP);

-- +goose Down
DELETE FROM {q2ab_state} WHERE name = 'categories';
DROP TABLE {q2ab_category_moves};
