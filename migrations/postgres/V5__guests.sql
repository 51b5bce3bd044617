-- What a guest is known by; NULL for an account. A guest has no password (''), and nobody logs in as one.
ALTER TABLE users ADD COLUMN guest_id text;

-- Who makes the rooms that nobody made. Its key is no name that anybody can choose: names stand on one line.
INSERT INTO users (id, username, username_key, name, email, password_hash, status, created_at, updated_at)
VALUES ('01900000-0000-7000-8000-000000000000', 'ChatterStack', E'\nhouse', 'ChatterStack', 'house@0190.guest.invalid',
        '', 'OFFLINE', '2026-01-01Z', '2026-01-01Z');

-- What a guest was called who sent the message: anybody may be known by their id later. NULL for an account, which has one name.
ALTER TABLE messages ADD COLUMN guest_name text;

-- What a guest said, the latest last.
CREATE INDEX messages_of_guests ON messages (sender_id, created_at, id) WHERE guest_name IS NOT NULL;

-- Whether guests may come in. A room that they know by its name has that as its `direct_key`, behind 'guests:'.
ALTER TABLE rooms ADD COLUMN guests boolean NOT NULL DEFAULT false;
CREATE INDEX rooms_of_guests ON rooms (id) WHERE guests;

-- Who is in a room, without those who were: to count them, and to look for guests who are there no longer.
CREATE INDEX room_members_here ON room_members (room_id, user_id) WHERE left_seq IS NULL;

-- A message as a reader sees it: the sender's name, the furthest mark of any other member, gone ones included, the
-- reactions, and what a guest who sent it is known by. New columns stand at the end, so that nodes of an older version go
-- on reading.
CREATE OR REPLACE VIEW shown_messages AS
SELECT m.id, m.room_id, m.seq, m.sender_id, m.content, m.attachments, m.client_msg_id,
       m.created_at, m.updated_at, m.edited_at, m.deleted_at,
       coalesce(m.guest_name, (SELECT u.username FROM users u WHERE u.id = m.sender_id)) AS username,
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
        FROM reaction_counts c WHERE c.message_id = m.id) AS reactions,
       m.interrupted,
       (SELECT u.guest_id FROM users u WHERE u.id = m.sender_id) AS guest_id
FROM messages m;
