-- Which key-encryption keys this database is sealed by; the keys themselves are elsewhere.
CREATE TABLE secret_key (
    key_id TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
);

CREATE TABLE secret (
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    sealed {{blob}} NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (scope, name)
);
