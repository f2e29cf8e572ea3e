-- The log. log_head has one row: the number and the chained digest of the newest event.
CREATE TABLE log_head (
    seq BIGINT NOT NULL,
    digest TEXT NOT NULL
);
INSERT INTO log_head (seq, digest) VALUES (0, '');

-- payload and salt become NULL when a payload is erased; payload_digest stays, so the chain holds.
CREATE TABLE event (
    seq BIGINT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    source TEXT NOT NULL,
    subject TEXT,
    subject_uid TEXT,
    actor TEXT,
    on_behalf_of TEXT,
    cause TEXT,
    occurred_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    payload TEXT,
    salt TEXT,
    payload_digest TEXT NOT NULL,
    digest TEXT NOT NULL
);
CREATE INDEX event_by_type ON event (type, seq);
CREATE INDEX event_by_subject ON event (subject, seq);

-- The place of each durable follower, and how often its next event was tried.
CREATE TABLE follower (
    name TEXT PRIMARY KEY,
    seq BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    last_error TEXT
);

CREATE TABLE job (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT,
    title TEXT,
    actor TEXT,
    cause TEXT,
    after_job TEXT,
    queue_key TEXT,
    state TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    cancel_asked BIGINT NOT NULL,
    cancel_actor TEXT,
    node TEXT,
    lease_until BIGINT,
    payload TEXT NOT NULL,
    output TEXT,
    error_name TEXT,
    error_message TEXT,
    waiting_step TEXT,
    waiting_for TEXT,
    secrets {{blob}},
    created_at BIGINT NOT NULL,
    queued_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    folder_removed BIGINT NOT NULL
);
CREATE INDEX job_by_state ON job (state, queued_at, id);
CREATE INDEX job_by_kind ON job (kind, id);
CREATE INDEX job_by_subject ON job (subject, id);
CREATE INDEX job_by_queue_key ON job (queue_key, id);

CREATE TABLE job_step (
    job TEXT NOT NULL REFERENCES job (id),
    id TEXT NOT NULL,
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    intent_id TEXT NOT NULL UNIQUE,
    attempt BIGINT NOT NULL,
    output TEXT,
    error TEXT,
    workspace_tree TEXT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (job, id)
);
