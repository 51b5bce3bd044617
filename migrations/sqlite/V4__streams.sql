-- A message whose author was lost while they wrote it: it is what there was. The view of messages has it too, because it
-- takes all that they have.
ALTER TABLE messages ADD COLUMN interrupted INTEGER NOT NULL DEFAULT 0 CHECK (interrupted IN (0, 1));

-- Whether others see what the user is writing before it is sent.
ALTER TABLE users ADD COLUMN shares_drafts INTEGER NOT NULL DEFAULT 1 CHECK (shares_drafts IN (0, 1));
