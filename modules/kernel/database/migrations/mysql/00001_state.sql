-- +goose Up
CREATE TABLE {q2ab_state} (
  name VARCHAR(60) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  content VARCHAR(2000) NOT NULL,
  updated DATETIME NOT NULL
) ENGINE=InnoDB;
INSERT INTO {q2ab_state} (name, content, updated) VALUES ('installed', 'yes', NOW());

-- +goose Down
DROP TABLE {q2ab_state};
