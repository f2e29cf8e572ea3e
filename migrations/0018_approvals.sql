-- What steps ask people for. intent is that of the durable step which asks; decided_by and reason are those of the decision that counted.
CREATE TABLE approval (
    id TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    step TEXT NOT NULL,
    intent TEXT NOT NULL,
    step_name TEXT NOT NULL,
    title TEXT NOT NULL,
    subject TEXT,
    message TEXT NOT NULL,
    owners TEXT NOT NULL,
    required BIGINT NOT NULL,
    self_approval BIGINT NOT NULL,
    requested_by TEXT,
    requested_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    decided_by TEXT,
    reason TEXT,
    decided_at BIGINT
);
CREATE INDEX approval_by_state ON approval (state, expires_at);
CREATE INDEX approval_by_intent ON approval (intent);
CREATE INDEX approval_by_job ON approval (job, state);

-- Who said what; one word a person.
CREATE TABLE approval_vote (
    approval TEXT NOT NULL REFERENCES approval (id),
    actor TEXT NOT NULL,
    decision TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    PRIMARY KEY (approval, actor)
);

-- Why an undo could not take it back, the last time it tried.
ALTER TABLE provenance_effect ADD COLUMN undo_error TEXT;
