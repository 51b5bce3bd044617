-- What a guest is known by; NULL for an account. A guest has no password (''), and nobody logs in as one.
ALTER TABLE users ADD COLUMN guest_id TEXT;

-- Who makes the rooms that nobody made. Its key is no name that anybody can choose: names stand on one line.
INSERT INTO users (id, username, username_key, name, email, password_hash, status, created_at, updated_at)
VALUES (x'01900000000070008000000000000000', 'ChatterStack', char(10) || 'house', 'ChatterStack', 'house@0190.guest.invalid',
        '', 'OFFLINE', 1767225600000000, 1767225600000000);

-- What a guest was called who sent the message: anybody may be known by their id later. NULL for an account, which has one name.
ALTER TABLE messages ADD COLUMN guest_name TEXT;

-- What a guest said, the latest last.
CREATE INDEX messages_of_guests ON messages (sender_id, created_at, id) WHERE guest_name IS NOT NULL;

-- Whether guests may come in. A room that they know by its name has that as its `direct_key`, behind 'guests:'.
ALTER TABLE rooms ADD COLUMN guests INTEGER NOT NULL DEFAULT 0 CHECK (guests IN (0, 1));
CREATE INDEX rooms_of_guests ON rooms (id) WHERE guests = 1;

-- Who is in a room, without those who were: to count them, and to look for guests who are there no longer.
CREATE INDEX room_members_here ON room_members (room_id, user_id) WHERE left_seq IS NULL;

DROP VIEW shown_messages;

-- A message as a reader sees it: the sender's name and, of a guest, what they are known by; the furthest mark of any other
-- member, gone ones included; and the reactions, as a JSON array.
CREATE VIEW shown_messages AS
SELECT m.*,
       coalesce(m.guest_name, (SELECT u.username FROM users u WHERE u.id = m.sender_id)) AS username,
       (SELECT u.guest_id FROM users u WHERE u.id = m.sender_id) AS guest_id,
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
