-- +goose Up
CREATE TABLE {q2ab_rankings} (
  generation INTEGER PRIMARY KEY AUTOINCREMENT,
  computed INTEGER NOT NULL,
  complete INTEGER NOT NULL DEFAULT 0,
  spans TEXT NOT NULL
);
CREATE TABLE {q2ab_boards} (
  period TEXT NOT NULL,
  scope TEXT NOT NULL,
  generation INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  entries BLOB NOT NULL,
  PRIMARY KEY (period, scope, generation)
);
CREATE INDEX {q2ab_boards}_generation ON {q2ab_boards} (generation);

-- +goose Down
DROP TABLE {q2ab_boards};
DROP TABLE {q2ab_rankings};
