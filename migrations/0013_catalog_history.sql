-- Which version of an entity a row holds and who brought it. Versions count from 1 when the entity is
-- created; updated_at is when this one came.
ALTER TABLE catalog_entity ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE catalog_entity ADD COLUMN actor TEXT;
ALTER TABLE catalog_entity ADD COLUMN revision TEXT;

-- The versions that were replaced, so that a version which still stands costs nothing here. entity is
-- the JSON, compressed with zstd; NULL: the version in which it was deleted. Uids of later entities
-- sort later.
CREATE TABLE catalog_history (
    ref TEXT NOT NULL,
    uid TEXT NOT NULL,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    actor TEXT,
    revision TEXT,
    source TEXT NOT NULL,
    entity {{blob}},
    PRIMARY KEY (ref, uid, version)
);
CREATE INDEX catalog_history_by_age ON catalog_history (ended_at);
