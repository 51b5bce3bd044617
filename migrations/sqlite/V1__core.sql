-- Ids are UUIDs of 16 bytes, times are microseconds since 1970 in UTC.

CREATE TABLE users (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    username      TEXT    NOT NULL,
    -- The name in lower case: names that differ in case alone are one.
    username_key  TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    email         TEXT    NOT NULL UNIQUE,
    password_hash TEXT    NOT NULL,
    status        TEXT    NOT NULL CHECK (status IN ('ONLINE', 'OFFLINE')),
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id    BLOB    NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

-- A spent token stays, so that its second use is known for what it is.
CREATE TABLE refresh_tokens (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id BLOB    NOT NULL REFERENCES sessions (id),
    expires_at INTEGER NOT NULL,
    spent_at   INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE rooms (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    is_group    INTEGER NOT NULL CHECK (is_group IN (0, 1)),
    visibility  TEXT    NOT NULL CHECK (visibility IN ('private', 'public')),
    -- What the direct room of two users is found by; NULL for others, and for a deleted one.
    direct_key  TEXT    UNIQUE,
    created_by  BLOB    NOT NULL REFERENCES users (id),
    created_at  INTEGER NOT NULL,
    last_seq    INTEGER NOT NULL DEFAULT 0,
    deleted_at  INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX rooms_public ON rooms (created_at, id) WHERE visibility = 'public' AND deleted_at IS NULL;

-- The row of a member who is gone stays: receipts keep its marks.
CREATE TABLE room_members (
    room_id            BLOB    NOT NULL REFERENCES rooms (id),
    user_id            BLOB    NOT NULL REFERENCES users (id),
    role               TEXT    NOT NULL CHECK (role IN ('OWNER', 'ADMIN', 'MEMBER')),
    joined_at          INTEGER NOT NULL,
    -- The event that let them in the last time: what is unread is counted from there, or from the read mark.
    joined_seq         INTEGER NOT NULL,
    -- The event that ended the membership; NULL while they are a member.
    left_seq           INTEGER,
    last_read_seq      INTEGER NOT NULL DEFAULT 0,
    last_delivered_seq INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX room_members_of_user ON room_members (user_id, joined_at) WHERE left_seq IS NULL;
-- Whether anybody other than the sender has come as far as a message: at most two rows are looked at.
CREATE INDEX room_members_read ON room_members (room_id, last_read_seq);
CREATE INDEX room_members_delivered ON room_members (room_id, last_delivered_seq);

CREATE TABLE messages (
    -- The order of arrival over all rooms, and what the full-text index points at.
    arrival       INTEGER NOT NULL PRIMARY KEY,
    id            BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    room_id       BLOB    NOT NULL REFERENCES rooms (id),
    seq           INTEGER NOT NULL,
    sender_id     BLOB    NOT NULL REFERENCES users (id),
    content       TEXT    NOT NULL,
    -- A JSON array; '[]' once deleted.
    attachments   TEXT    NOT NULL,
    client_msg_id TEXT,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    edited_at     INTEGER,
    deleted_at    INTEGER,
    UNIQUE (room_id, seq)
) STRICT;

CREATE UNIQUE INDEX messages_client_msg_id ON messages (room_id, sender_id, client_msg_id)
    WHERE client_msg_id IS NOT NULL;
-- History without the deleted, and unread counts from the index alone.
CREATE INDEX messages_shown ON messages (room_id, seq, sender_id, deleted_at) WHERE deleted_at IS NULL;

CREATE TABLE room_events (
    room_id    BLOB    NOT NULL REFERENCES rooms (id),
    seq        INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    actor_id   BLOB    NOT NULL,
    -- The message or the user that the event is about.
    subject_id BLOB,
    -- As what a member joined.
    role       TEXT,
    at         INTEGER NOT NULL,
    PRIMARY KEY (room_id, seq)
) STRICT, WITHOUT ROWID;

-- A message as a reader sees it: the sender's name, and the furthest mark of any other member, gone ones included.
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
       END AS status
FROM messages m;

-- Substrings of three characters and more. The text lies in `messages` alone; with secure-delete, what is taken out
-- of the index is gone from the file too, and not only masked until a merge.
CREATE VIRTUAL TABLE messages_fts USING fts5 (
    content, content = 'messages', content_rowid = 'arrival', tokenize = 'trigram', columnsize = 0
);
INSERT INTO messages_fts (messages_fts, rank) VALUES ('secure-delete', 1);

CREATE TRIGGER messages_fts_insert AFTER INSERT ON messages
BEGIN
    INSERT INTO messages_fts (rowid, content) VALUES (new.arrival, new.content);
END;

CREATE TRIGGER messages_fts_update AFTER UPDATE OF content ON messages
BEGIN
    INSERT INTO messages_fts (messages_fts, rowid, content) VALUES ('delete', old.arrival, old.content);
    INSERT INTO messages_fts (rowid, content) VALUES (new.arrival, new.content);
END;
