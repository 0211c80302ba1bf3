-- +goose Up
-- Who a user has messages with (kind P: a user, 0 for deleted accounts; kind G: a group), and how far they were read. latest is not before
-- the latest message with a user, by which lists are made: Question2Answer has no index for it. Of groups a row is only the mark.
CREATE TABLE {q2ab_conversations} (
  userid INT UNSIGNED NOT NULL,
  kind CHAR(1) CHARACTER SET ascii NOT NULL,
  other INT UNSIGNED NOT NULL,
  latest BIGINT NOT NULL,
  read_at BIGINT NOT NULL DEFAULT 0,
  read_id BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (userid, kind, other),
  KEY latest (userid, kind, latest, other)
) ENGINE=InnoDB;
-- How far the rows above follow the messages of a user, which the old site writes too, and when all were read last.
CREATE TABLE {q2ab_message_boxes} (
  userid INT UNSIGNED NOT NULL PRIMARY KEY,
  newest BIGINT NOT NULL,
  sent BIGINT NOT NULL,
  built BIGINT NOT NULL
) ENGINE=InnoDB;
-- Which messages a group has: the plugin's table has no index for it.
CREATE TABLE {q2ab_group_messages} (
  groupid INT UNSIGNED NOT NULL,
  messageid BIGINT NOT NULL,
  userid INT UNSIGNED NOT NULL,
  created BIGINT NOT NULL,
  PRIMARY KEY (groupid, messageid),
  KEY written (groupid, userid, messageid),
  KEY messageid (messageid)
) ENGINE=InnoDB;
INSERT INTO {q2ab_state} (name, content, updated) VALUES ('groups', '', CURRENT_TIMESTAMP);

-- +goose Down
DELETE FROM {q2ab_state} WHERE name = 'groups';
DROP TABLE {q2ab_group_messages};
DROP TABLE {q2ab_message_boxes};
DROP TABLE {q2ab_conversations};
