-- How the reading of each location goes: when it was read, when it is due, how often it failed since
-- it last went well, and the commit it was read at.
CREATE TABLE catalog_reading (
    location_id TEXT PRIMARY KEY,
    read_at BIGINT,
    next_at BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    error TEXT,
    revision TEXT
);
CREATE INDEX catalog_reading_by_next ON catalog_reading (next_at);

-- What a location was read from, so that what is unchanged is not read again: of each source the
-- digest of its name, the context it was read in and its etag, in parts by the digest's first byte.
CREATE TABLE catalog_manifest (
    location_id TEXT NOT NULL,
    part BIGINT NOT NULL,
    sources {{blob}} NOT NULL,
    PRIMARY KEY (location_id, part)
);

-- The line at which an entity begins in its source.
ALTER TABLE catalog_entity ADD COLUMN line BIGINT;
CREATE INDEX catalog_entity_by_source ON catalog_entity (location_id, source);
DROP INDEX catalog_entity_by_location;
