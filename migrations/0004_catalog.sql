-- Where entities come from: what the configuration names ('config') and what people registered.
CREATE TABLE catalog_location (
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    target TEXT NOT NULL,
    origin TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT,
    UNIQUE (type, target)
);

-- One row per entity. Relations, facets and search exist only in the index. parent is the ref of the
-- Location that named it, source where it was read, "type:target".
CREATE TABLE catalog_entity (
    ref TEXT PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    location_id TEXT NOT NULL,
    parent TEXT,
    source TEXT NOT NULL,
    entity TEXT NOT NULL,
    status TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX catalog_entity_by_location ON catalog_entity (location_id);

-- The repositories a location read from, so that a push finds the locations it concerns.
CREATE TABLE catalog_source (
    location_id TEXT NOT NULL,
    repository TEXT NOT NULL,
    PRIMARY KEY (location_id, repository)
);
