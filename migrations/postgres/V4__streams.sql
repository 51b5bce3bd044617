-- A message whose author was lost while they wrote it: it is what there was.
ALTER TABLE messages ADD COLUMN interrupted boolean NOT NULL DEFAULT false;

-- Whether others see what the user is writing before it is sent.
ALTER TABLE users ADD COLUMN shares_drafts boolean NOT NULL DEFAULT true;

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
        FROM reaction_counts c WHERE c.message_id = m.id) AS reactions,
       m.interrupted
FROM messages m;
