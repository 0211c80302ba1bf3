-- +goose Up
-- What is known of a file besides its row in blobs, which stays as Question2Answer has it. A row here may come before that one: then the file
-- is being stored, or awaited from a client.
CREATE TABLE {q2ab_media} (
  blobid BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  -- awaited, storing: no row of blobs yet; waiting: for thumbnails; ready; broken: a picture that cannot be shown; missing: without
  -- bytes, when last looked at (noted); file: no picture; dropped: no row of blobs any more, and files to be removed
  state VARCHAR(10) CHARACTER SET ascii NOT NULL,
  format VARCHAR(20) CHARACTER SET ascii NOT NULL DEFAULT '',
  noted BIGINT NOT NULL,
  width INT UNSIGNED NOT NULL DEFAULT 0,
  height INT UNSIGNED NOT NULL DEFAULT 0,
  -- whether smaller JPEGs can stand for it: it neither moves nor is transparent
  still TINYINT NOT NULL DEFAULT 0,
  blurhash VARCHAR(60) CHARACTER SET ascii NOT NULL DEFAULT '',
  -- whether the store has it
  in_store TINYINT NOT NULL DEFAULT 0,
  bytes BIGINT NOT NULL DEFAULT 0,
  hash BINARY(32) NULL,
  -- for the move to the store: the runs that last read the file back, passed it over, and copied it for PHP, and whether its bytes have left blobs
  verified BIGINT NOT NULL DEFAULT 0,
  skipped BIGINT NOT NULL DEFAULT 0,
  kept BIGINT NOT NULL DEFAULT 0,
  purged TINYINT NOT NULL DEFAULT 0,
  -- from when on the clean-up asks whether it is of any use; 0 for files that nobody doubts
  doubted BIGINT NOT NULL DEFAULT 0,
  -- of an awaited file, what was said of it
  upload TEXT CHARACTER SET utf8mb4 NULL,
  KEY state (state, blobid),
  KEY in_store (in_store, purged, blobid),
  KEY doubted (doubted)
) ENGINE=InnoDB;

-- +goose Down
DROP TABLE {q2ab_media};
