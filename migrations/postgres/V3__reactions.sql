-- A member's reactions to a message.
CREATE TABLE reactions (
    message_id uuid        NOT NULL,
    emoji      text        COLLATE "C" NOT NULL,
    user_id    uuid        NOT NULL,
    -- The event that added it, in the log of the message's room.
    seq        bigint      NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (message_id, emoji, user_id)
);

-- Who reacted first, by emoji. The list of all who reacted is sorted when it is asked for: an index in the order of seq alone
-- would be taken for this one where most messages have one reaction, and the look at a message that has thousands would go
-- through all of them, once for each emoji.
CREATE UNIQUE INDEX reactions_by_emoji ON reactions (message_id, emoji, seq);

-- How often each emoji stands at a message: counted once at each change, not at each look. One that stands there no longer
-- has no row.
CREATE TABLE reaction_counts (
    message_id uuid   NOT NULL,
    emoji      text   COLLATE "C" NOT NULL,
    count      bigint NOT NULL CHECK (count > 0),
    -- The event that brought the emoji to the message, the last time that none stood there.
    first_seq  bigint NOT NULL,
    -- The latest event that added or removed one.
    last_seq   bigint NOT NULL,
    PRIMARY KEY (message_id, emoji)
);

-- The event that edited a message last. Messages first: nodes that still run change them before the log.
ALTER TABLE messages ADD COLUMN edited_seq bigint;

-- Which emoji a reaction's event is about, and how often it stood there then.
ALTER TABLE room_events ADD COLUMN emoji text;
ALTER TABLE room_events ADD COLUMN count bigint;

UPDATE messages SET edited_seq = e.last
FROM (SELECT subject_id, max(seq) AS last FROM room_events WHERE kind = 'message_edited' GROUP BY subject_id) e
WHERE e.subject_id = messages.id;

-- A message as a reader sees it: the sender's name, the furthest mark of any other member, gone ones included, and the
-- reactions. New columns stand at the end, so that nodes of an older version go on reading.
CREATE OR REPLACE VIEW shown_messages AS
SELECT m.id, m.room_id, m.seq, m.sender_id, m.content, m.attachments, m.client_msg_id,
       m.created_at, m.updated_at, m.edited_at, m.deleted_at,
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
       m.edited_seq,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'emoji', c.emoji, 'count', c.count, 'last_seq', c.last_seq,
                   'user_ids', (SELECT jsonb_agg(f.user_id ORDER BY f.seq)
                                FROM (SELECT r.user_id, r.seq FROM reactions r
                                      WHERE r.message_id = c.message_id AND r.emoji = c.emoji
                                      ORDER BY r.seq LIMIT 10) f)
               ) ORDER BY c.first_seq), '[]')
        FROM reaction_counts c WHERE c.message_id = m.id) AS reactions
FROM messages m;
