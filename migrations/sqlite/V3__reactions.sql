-- A member's reactions to a message.
CREATE TABLE reactions (
    message_id BLOB    NOT NULL REFERENCES messages (id),
    emoji      TEXT    NOT NULL,
    user_id    BLOB    NOT NULL REFERENCES users (id),
    -- The event that added it, in the log of the message's room.
    seq        INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (message_id, emoji, user_id)
) STRICT, WITHOUT ROWID;

-- Who reacted first, by emoji; and all who reacted, in order.
CREATE UNIQUE INDEX reactions_by_emoji ON reactions (message_id, emoji, seq);
CREATE UNIQUE INDEX reactions_in_order ON reactions (message_id, seq);

-- How often each emoji stands at a message: counted once at each change, not at each look. One that stands there no longer
-- has no row.
CREATE TABLE reaction_counts (
    message_id BLOB    NOT NULL REFERENCES messages (id),
    emoji      TEXT    NOT NULL,
    count      INTEGER NOT NULL CHECK (count > 0),
    -- The event that brought the emoji to the message, the last time that none stood there.
    first_seq  INTEGER NOT NULL,
    -- The latest event that added or removed one.
    last_seq   INTEGER NOT NULL,
    PRIMARY KEY (message_id, emoji)
) STRICT, WITHOUT ROWID;

-- Which emoji a reaction's event is about, and how often it stood there then.
ALTER TABLE room_events ADD COLUMN emoji TEXT;
ALTER TABLE room_events ADD COLUMN count INTEGER;

-- The event that edited a message last.
ALTER TABLE messages ADD COLUMN edited_seq INTEGER;
UPDATE messages SET edited_seq = e.last
FROM (SELECT subject_id, max(seq) AS last FROM room_events WHERE kind = 'message_edited' GROUP BY subject_id) e
WHERE e.subject_id = messages.id;

DROP VIEW shown_messages;

-- A message as a reader sees it: the sender's name, the furthest mark of any other member, gone ones included, and the
-- reactions, as a JSON array.
CREATE VIEW shown_messages AS
SELECT m.*,
       (SELECT u.username FROM users u WHERE u.id = m.sender_id) AS username,
       CASE
           WHEN EXISTS (SELECT 1 FROM room_members o
                        WHERE o.room_id = m.room_id AND o.last_read_seq >= m.seq AND o.user_id <> m.sender_id)
               THEN 'READ'
           WHEN EXISTS (SELECT 1 FROM room_members o
                        WHERE o.room_id = m.room_id AND o.last_delivered_seq >= m.seq AND o.user_id <> m.sender_id)
               THEN 'DELIVERED'
           ELSE 'SENT'
       END AS status,
       (SELECT json_group_array(json_object(
                   'emoji', c.emoji, 'count', c.count, 'last_seq', c.last_seq,
                   'user_ids', json((SELECT json_group_array(lower(hex(f.user_id)) ORDER BY f.seq)
                                     FROM (SELECT r.user_id, r.seq FROM reactions r
                                           WHERE r.message_id = c.message_id AND r.emoji = c.emoji
                                           ORDER BY r.seq LIMIT 10) f))
               ) ORDER BY c.first_seq)
        FROM reaction_counts c WHERE c.message_id = m.id) AS reactions
FROM messages m;
