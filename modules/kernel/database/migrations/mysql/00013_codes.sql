-- +goose Up
-- What is known of the code in users.emailcode, which has no room for it: what it is good for ('' for a code that Question2Answer mailed),
-- a stamp that changes with the account's address and password, and when it was made or first seen. A row whose code is not the column's
-- any more says nothing.
CREATE TABLE {q2ab_codes} (
  userid INT UNSIGNED NOT NULL PRIMARY KEY,
  code CHAR(8) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  purpose VARCHAR(10) CHARACTER SET ascii NOT NULL,
  stamp BINARY(16) NOT NULL,
  made BIGINT NOT NULL
) ENGINE=InnoDB;
-- Failed attempts at secrets, by the hash of the name that was tried or of the client's address, and until when the next one has to wait.
CREATE TABLE {q2ab_locks} (
  id BINARY(32) NOT NULL PRIMARY KEY,
  failures INT UNSIGNED NOT NULL,
  locked_until BIGINT NOT NULL,
  last BIGINT NOT NULL,
  KEY last (last)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_codes};
DROP TABLE {q2ab_locks};
