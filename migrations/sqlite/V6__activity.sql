-- How many messages each user sent to each room, by the minute (0), the hour (1) and the day (2) in UTC: counted from the
-- log, without those that were deleted since. A row that would say 0 is not there.
CREATE TABLE activity (
    unit     INTEGER NOT NULL CHECK (unit IN (0, 1, 2)),
    bucket   INTEGER NOT NULL,
    room_id  BLOB    NOT NULL,
    user_id  BLOB    NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (unit, bucket, room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX activity_of_room ON activity (room_id, unit, bucket);
CREATE INDEX activity_empty ON activity (messages) WHERE messages = 0;

-- Up to where each room's log was counted, in the same transaction.
CREATE TABLE activity_positions (
    room_id BLOB    NOT NULL PRIMARY KEY REFERENCES rooms (id),
    seq     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- When accounts were made.
CREATE INDEX users_made ON users (created_at) WHERE guest_id IS NULL;

-- Whether the account sees what is counted of all rooms.
ALTER TABLE users ADD COLUMN is_admin INTEGER NOT NULL DEFAULT 0 CHECK (is_admin IN (0, 1));
