-- +goose Up
-- Rows are counted by whom they were made for, so that nobody fills the table. Those of the release before cannot be found
-- by this one, which hashes their keys otherwise.
DELETE FROM {q2ab_idempotency};
ALTER TABLE {q2ab_idempotency} ADD COLUMN client BINARY(32) NOT NULL, ADD KEY client (client, created);
-- Keys of our own that all tasks share, by their use.
CREATE TABLE {q2ab_secrets} (
  name VARCHAR(60) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  secret BINARY(32) NOT NULL
) ENGINE=InnoDB;

-- +goose Down
ALTER TABLE {q2ab_idempotency} DROP KEY client, DROP COLUMN client;
DROP TABLE {q2ab_secrets};
