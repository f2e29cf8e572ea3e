-- A release is immutable: the digest is that of its OCI manifest.
CREATE TABLE service_release (
    service TEXT NOT NULL,
    digest TEXT NOT NULL,
    commit_id TEXT,
    commit_message TEXT,
    committed_at BIGINT,
    size BIGINT NOT NULL,
    actor TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (service, digest)
);
CREATE INDEX service_release_by_commit ON service_release (service, commit_id);

CREATE TABLE service_release_tag (
    service TEXT NOT NULL,
    tag TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (service, tag)
);

-- replaced_id: what was live before it. port: where its process listens, or listened last.
CREATE TABLE deployment (
    id TEXT PRIMARY KEY,
    service TEXT NOT NULL,
    environment TEXT NOT NULL,
    digest TEXT NOT NULL,
    commit_id TEXT,
    commit_message TEXT,
    committed_at BIGINT,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    actor TEXT,
    job_id TEXT NOT NULL,
    idempotency_key TEXT UNIQUE,
    replaced_id TEXT,
    port BIGINT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT
);
CREATE INDEX deployment_by_service ON deployment (service, environment, created_at);
CREATE INDEX deployment_by_job ON deployment (job_id);

-- What should run now.
CREATE TABLE service_live (
    service TEXT NOT NULL,
    environment TEXT NOT NULL,
    deployment_id TEXT NOT NULL,
    since_at BIGINT NOT NULL,
    restarts BIGINT NOT NULL,
    PRIMARY KEY (service, environment)
);
