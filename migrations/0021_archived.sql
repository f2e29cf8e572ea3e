-- An archived repository is kept and read; nothing is pushed to it. 0: it is not.
ALTER TABLE forge_repository ADD COLUMN archived_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE forge_repository ADD COLUMN archived_by TEXT;
