-- +goose Up
DROP INDEX {q2ab_job_runs}_open_name;
ALTER TABLE {q2ab_job_runs} ADD COLUMN due INTEGER NULL;
ALTER TABLE {q2ab_job_runs} ADD COLUMN holder TEXT NULL;
CREATE UNIQUE INDEX {q2ab_job_runs}_due ON {q2ab_job_runs} (name, due);
CREATE UNIQUE INDEX {q2ab_job_runs}_running_name ON {q2ab_job_runs} (name) WHERE status = 'running';
CREATE UNIQUE INDEX {q2ab_job_runs}_asked_name ON {q2ab_job_runs} (name, dry_run) WHERE status = 'queued' AND due IS NULL;
CREATE TABLE {q2ab_schedules} (
  name TEXT NOT NULL PRIMARY KEY,
  schedule TEXT NOT NULL,
  planned INTEGER NOT NULL
);

-- +goose Down
DROP TABLE {q2ab_schedules};
DROP INDEX {q2ab_job_runs}_asked_name;
DROP INDEX {q2ab_job_runs}_running_name;
DROP INDEX {q2ab_job_runs}_due;
ALTER TABLE {q2ab_job_runs} DROP COLUMN holder;
ALTER TABLE {q2ab_job_runs} DROP COLUMN due;
CREATE UNIQUE INDEX {q2ab_job_runs}_open_name ON {q2ab_job_runs} (name) WHERE status IN ('queued', 'running');
