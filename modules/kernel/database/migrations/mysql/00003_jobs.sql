-- +goose Up
-- Runs of long work. fence grows with each holder: what an earlier holder writes later is refused. A job has one
-- unfinished run at most, which is what open_name is for.
CREATE TABLE {q2ab_job_runs} (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(60) CHARACTER SET ascii NOT NULL,
  status VARCHAR(10) CHARACTER SET ascii NOT NULL,
  dry_run TINYINT NOT NULL,
  requested BIGINT NOT NULL,
  started BIGINT NOT NULL DEFAULT 0,
  finished BIGINT NOT NULL DEFAULT 0,
  heartbeat BIGINT NOT NULL DEFAULT 0,
  fence INT UNSIGNED NOT NULL DEFAULT 0,
  done BIGINT UNSIGNED NOT NULL DEFAULT 0,
  total BIGINT UNSIGNED NOT NULL DEFAULT 0,
  differences BIGINT UNSIGNED NOT NULL DEFAULT 0,
  open_name VARCHAR(60) CHARACTER SET ascii GENERATED ALWAYS AS (CASE WHEN status IN ('queued', 'running') THEN name END) STORED,
  state TEXT CHARACTER SET utf8mb4 NULL,
  message TEXT CHARACTER SET utf8mb4 NULL,
  KEY name (name, id),
  KEY status (status),
  UNIQUE KEY open_name (open_name)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_job_runs};
