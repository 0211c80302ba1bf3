-- +goose Up
-- due is the time that a scheduled run stands for; NULL for runs by request or event. A time has one run; a job has one run under way at
-- most, and one that waits by request or event.
ALTER TABLE {q2ab_job_runs}
  DROP KEY open_name, DROP COLUMN open_name,
  ADD COLUMN due BIGINT NULL, ADD COLUMN holder VARCHAR(120) CHARACTER SET utf8mb4 NULL;
ALTER TABLE {q2ab_job_runs}
  ADD COLUMN running_name VARCHAR(60) CHARACTER SET ascii GENERATED ALWAYS AS (CASE WHEN status = 'running' THEN name END) STORED,
  ADD COLUMN asked_name VARCHAR(62) CHARACTER SET ascii GENERATED ALWAYS AS (CASE WHEN status = 'queued' AND due IS NULL THEN CONCAT(name, dry_run) END) STORED,
  ADD UNIQUE KEY due (name, due), ADD UNIQUE KEY running_name (running_name), ADD UNIQUE KEY asked_name (asked_name);
-- Up to when each job's due times have become runs.
CREATE TABLE {q2ab_schedules} (
  name VARCHAR(60) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  schedule VARCHAR(120) CHARACTER SET ascii NOT NULL,
  planned BIGINT NOT NULL
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_schedules};
ALTER TABLE {q2ab_job_runs} DROP KEY asked_name, DROP KEY running_name, DROP KEY due, DROP COLUMN asked_name, DROP COLUMN running_name;
ALTER TABLE {q2ab_job_runs} DROP COLUMN holder, DROP COLUMN due;
