-- Text that is compared has the collation "C": a new version of the system's locales cannot put an index out of order.

CREATE TABLE users (
    id            uuid        NOT NULL PRIMARY KEY,
    username      text        NOT NULL,
    -- The name in lower case: names that differ in case alone are one.
    username_key  text        COLLATE "C" NOT NULL UNIQUE,
    name          text        NOT NULL,
    email         text        COLLATE "C" NOT NULL UNIQUE,
    password_hash text        NOT NULL,
    status        text        NOT NULL CHECK (status IN ('ONLINE', 'OFFLINE')),
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);

CREATE TABLE sessions (
    id         uuid        NOT NULL PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES users (id),
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);

-- A spent token stays, so that its second use is known for what it is.
CREATE TABLE refresh_tokens (
    hash       bytea       NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id uuid        NOT NULL REFERENCES sessions (id),
    expires_at timestamptz NOT NULL,
    spent_at   timestamptz
);

-- The counter moves with every event: half of each page is left free, so that a new version of the row finds its place
-- beside the old one, without a new entry in any index.
CREATE TABLE rooms (
    id          uuid        NOT NULL PRIMARY KEY,
    name        text        NOT NULL,
    description text        NOT NULL,
    is_group    boolean     NOT NULL,
    visibility  text        NOT NULL CHECK (visibility IN ('private', 'public')),
    -- What the direct room of two users is found by; NULL for others, and for a deleted one.
    direct_key  text        COLLATE "C" UNIQUE,
    created_by  uuid        NOT NULL REFERENCES users (id),
    created_at  timestamptz NOT NULL,
    last_seq    bigint      NOT NULL DEFAULT 0,
    deleted_at  timestamptz
) WITH (fillfactor = 50);

CREATE INDEX rooms_public ON rooms (created_at, id) WHERE visibility = 'public' AND deleted_at IS NULL;

-- The row of a member who is gone stays: receipts keep its marks.
CREATE TABLE room_members (
    room_id            uuid        NOT NULL REFERENCES rooms (id),
    user_id            uuid        NOT NULL REFERENCES users (id),
    role               text        NOT NULL CHECK (role IN ('OWNER', 'ADMIN', 'MEMBER')),
    joined_at          timestamptz NOT NULL,
    -- The event that let them in the last time: what is unread is counted from there, or from the read mark.
    joined_seq         bigint      NOT NULL,
    -- The event that ended the membership; NULL while they are a member.
    left_seq           bigint,
    last_read_seq      bigint      NOT NULL DEFAULT 0,
    last_delivered_seq bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (room_id, user_id)
);

CREATE INDEX room_members_of_user ON room_members (user_id, joined_at) WHERE left_seq IS NULL;
-- Whether anybody other than the sender has come as far as a message: at most two rows are looked at.
CREATE INDEX room_members_read ON room_members (room_id, last_read_seq);
CREATE INDEX room_members_delivered ON room_members (room_id, last_delivered_seq);

-- Text in lower case, for the search: that of every script where the server knows ICU, whatever the locale of the
-- database, and else that of ASCII.
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu' AND pg_collation_is_visible(oid)) THEN
        CREATE FUNCTION folded(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN lower($1 COLLATE "und-x-icu");
    ELSE
        CREATE FUNCTION folded(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN lower($1 COLLATE "C");
    END IF;
END
$$;

-- No foreign keys here and in the log: what inserts holds the room's lock and has just seen the membership, which refers
-- to both. To ask again would cost a look-up and a row lock for each message.
CREATE TABLE messages (
    id            uuid        NOT NULL PRIMARY KEY,
    room_id       uuid        NOT NULL,
    seq           bigint      NOT NULL,
    sender_id     uuid        NOT NULL,
    content       text        NOT NULL,
    -- An array; empty once deleted.
    attachments   jsonb       NOT NULL,
    client_msg_id text        COLLATE "C",
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    edited_at     timestamptz,
    deleted_at    timestamptz,
    -- The words, for the search.
    words         tsvector    NOT NULL GENERATED ALWAYS AS (to_tsvector('simple', folded(content))) STORED,
    -- History, and unread counts from the index alone.
    CONSTRAINT messages_in_room UNIQUE (room_id, seq) INCLUDE (sender_id, deleted_at)
);

CREATE UNIQUE INDEX messages_client_msg_id ON messages (room_id, sender_id, client_msg_id)
    WHERE client_msg_id IS NOT NULL;
CREATE INDEX messages_words ON messages USING gin (words);

CREATE TABLE room_events (
    room_id    uuid        NOT NULL,
    seq        bigint      NOT NULL,
    kind       text        NOT NULL,
    actor_id   uuid        NOT NULL,
    -- The message or the user that the event is about.
    subject_id uuid,
    -- As what a member joined.
    role       text,
    at         timestamptz NOT NULL,
    PRIMARY KEY (room_id, seq)
);

-- A message as a reader sees it: the sender's name, and the furthest mark of any other member, gone ones included.
CREATE VIEW shown_messages AS
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
       END AS status
FROM messages m;

-- Parts of words are found by runs of three characters, where the server has the extension and lets us have it. Without
-- it they are found too, by reading the messages of the rooms that are searched.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'pg_trgm cannot be installed, the search goes on without it: %', SQLERRM;
END
$$;
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_opclass WHERE opcname = 'gin_trgm_ops' AND pg_opclass_is_visible(oid)) THEN
        CREATE INDEX messages_parts ON messages USING gin (folded(content) gin_trgm_ops);
    END IF;
END
$$;

-- What nodes must share and nobody has configured: in development, what signs access tokens.
CREATE TABLE secrets (
    name  text COLLATE "C" NOT NULL PRIMARY KEY,
    value text NOT NULL
);
