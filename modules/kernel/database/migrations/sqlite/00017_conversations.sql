-- +goose Up
CREATE TABLE {q2ab_conversations} (
  userid INTEGER NOT NULL,
  kind TEXT NOT NULL,
  other INTEGER NOT NULL,
  latest INTEGER NOT NULL,
  read_at INTEGER NOT NULL DEFAULT 0,
  read_id INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (userid, kind, other)
) WITHOUT ROWID;
CREATE INDEX {q2ab_conversations}_latest ON {q2ab_conversations} (userid, kind, latest, other);
CREATE TABLE {q2ab_message_boxes} (
  userid INTEGER NOT NULL PRIMARY KEY,
  newest INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  built INTEGER NOT NULL
);
CREATE TABLE {q2ab_group_messages} (
  groupid INTEGER NOT NULL,
  messageid INTEGER NOT NULL,
  userid INTEGER NOT NULL,
  created INTEGER NOT NULL,
  PRIMARY KEY (groupid, messageid)
) WITHOUT ROWID;
CREATE INDEX {q2ab_group_messages}_written ON {q2ab_group_messages} (groupid, userid, messageid);
CREATE INDEX {q2ab_group_messages}_messageid ON {q2ab_group_messages} (messageid);
INSERT INTO {q2ab_state} (name, content, updated) VALUES ('groups', '', datetime('now'));

-- +goose Down
DELETE FROM {q2ab_state} WHERE name = 'groups';
DROP TABLE {q2ab_group_messages};
DROP TABLE {q2ab_message_boxes};
DROP TABLE {q2ab_conversations};
