-- People that sign in with a password; those of the configuration are not here until they set one.
CREATE TABLE identity_user (
    ref TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    display_name TEXT,
    email TEXT,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Sessions and API tokens: 256 random bits each, of which only the SHA-256 is kept. A session has
-- no name and no scopes.
CREATE TABLE identity_token (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    use TEXT NOT NULL,
    kind TEXT NOT NULL,
    ref TEXT NOT NULL,
    name TEXT,
    scopes TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX identity_token_by_ref ON identity_token (ref, name);
CREATE INDEX identity_token_by_expiry ON identity_token (expires_at);
