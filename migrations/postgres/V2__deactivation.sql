-- An account that is deactivated stays, with its address and its name. Nobody logs in to it any more.
ALTER TABLE users ADD COLUMN deactivated_at timestamptz;

-- All log-ins of a user that stand, to end them.
CREATE INDEX sessions_of_user ON sessions (user_id) WHERE revoked_at IS NULL;
