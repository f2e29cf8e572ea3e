CREATE TABLE pipelines_run (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    repository TEXT NOT NULL,
    workflow_name TEXT NOT NULL,
    workflow_path TEXT NOT NULL,
    event TEXT NOT NULL,
    trigger_id TEXT NOT NULL,
    ref TEXT NOT NULL,
    sha TEXT NOT NULL,
    title TEXT NOT NULL,
    actor TEXT NOT NULL,
    cause TEXT,
    concurrency TEXT,
    state TEXT NOT NULL,
    conclusion TEXT,
    cancelled BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    changes BIGINT NOT NULL,
    head_commit TEXT NOT NULL,
    payload TEXT NOT NULL,
    inputs TEXT,
    errors TEXT,
    plan TEXT
);
CREATE UNIQUE INDEX pipelines_run_trigger ON pipelines_run (trigger_id, repository, workflow_path);
CREATE INDEX pipelines_run_repository ON pipelines_run (repository, created_at);
CREATE INDEX pipelines_run_created ON pipelines_run (created_at);

CREATE TABLE pipelines_number (
    repository TEXT NOT NULL,
    workflow_path TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (repository, workflow_path)
);

CREATE TABLE pipelines_node (
    id TEXT PRIMARY KEY,
    run TEXT NOT NULL,
    parent TEXT,
    scope TEXT,
    kind BIGINT NOT NULL,
    position BIGINT NOT NULL,
    workflow TEXT NOT NULL,
    job TEXT NOT NULL,
    node_key TEXT NOT NULL,
    name TEXT NOT NULL,
    matrix TEXT,
    strategy TEXT,
    inputs TEXT,
    outputs TEXT,
    state TEXT NOT NULL,
    conclusion TEXT,
    tolerated BIGINT NOT NULL,
    queue_job TEXT,
    environment TEXT,
    concurrency TEXT,
    error TEXT,
    report TEXT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL
);
CREATE INDEX pipelines_node_run ON pipelines_node (run, position);
CREATE UNIQUE INDEX pipelines_node_queue_job ON pipelines_node (queue_job);
