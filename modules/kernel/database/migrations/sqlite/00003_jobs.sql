-- +goose Up
CREATE TABLE {q2ab_job_runs} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  dry_run INTEGER NOT NULL,
  requested INTEGER NOT NULL,
  started INTEGER NOT NULL DEFAULT 0,
  finished INTEGER NOT NULL DEFAULT 0,
  heartbeat INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0,
  total INTEGER NOT NULL DEFAULT 0,
  differences INTEGER NOT NULL DEFAULT 0,
  state TEXT NULL,
  message TEXT NULL
);
CREATE INDEX {q2ab_job_runs}_name ON {q2ab_job_runs} (name, id);
CREATE INDEX {q2ab_job_runs}_status ON {q2ab_job_runs} (status);
CREATE UNIQUE INDEX {q2ab_job_runs}_open_name ON {q2ab_job_runs} (name) WHERE status IN ('queued', 'running');

-- +goose Down
DROP TABLE {q2ab_job_runs};
