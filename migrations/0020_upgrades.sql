-- What a template did when something was made of it: its steps and where it was, by the digest of both.
CREATE TABLE template_kept (
    id TEXT PRIMARY KEY,
    template TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- A repository that a template made, as it is now: the first half is what it was made of (moved on by every upgrade that
-- is merged), the second what an open upgrade would bring. sources is an object of URL to kept tree; behind is what was
-- found when it was checked last: 0 no, 1 yes, 2 cannot be known.
CREATE TABLE scaffolder_repository (
    host TEXT NOT NULL,
    repository TEXT NOT NULL,
    provenance TEXT NOT NULL REFERENCES provenance (id),
    template TEXT NOT NULL,
    version TEXT NOT NULL,
    kept TEXT,
    sources TEXT NOT NULL,
    inputs TEXT NOT NULL,
    latest TEXT NOT NULL,
    behind BIGINT NOT NULL,
    checked_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    branch TEXT,
    branch_commit TEXT,
    pull_number BIGINT,
    pull_url TEXT,
    pull_state TEXT,
    conflicts BIGINT NOT NULL,
    to_version TEXT,
    to_kept TEXT,
    to_sources TEXT,
    to_inputs TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (host, repository)
);
CREATE INDEX scaffolder_repository_by_template ON scaffolder_repository (template, state);
CREATE INDEX scaffolder_repository_by_name ON scaffolder_repository (repository);

-- Of what was made before, no template was kept.
INSERT INTO scaffolder_repository (host, repository, provenance, template, version, sources, inputs, latest, behind, checked_at,
    state, conflicts, created_at, updated_at)
    SELECT '', e.ref, MAX(p.id), MAX(p.template), MAX(p.template_version), '{}', '{}', MAX(p.template_version), 2, 0,
        'unknown', 0, MAX(p.created_at), MAX(p.created_at)
    FROM provenance_effect e JOIN provenance p ON p.id = e.provenance
    WHERE e.kind = 'repository' AND e.operation = 'create' GROUP BY e.ref;

CREATE TABLE campaign (
    id TEXT PRIMARY KEY,
    template TEXT NOT NULL,
    to_version TEXT NOT NULL,
    title TEXT NOT NULL,
    actor TEXT NOT NULL,
    cancelled_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE TABLE campaign_item (
    campaign TEXT NOT NULL REFERENCES campaign (id),
    position BIGINT NOT NULL,
    host TEXT NOT NULL,
    repository TEXT NOT NULL,
    job TEXT NOT NULL,
    state TEXT NOT NULL,
    conflicts BIGINT NOT NULL,
    pull_number BIGINT,
    pull_url TEXT,
    error TEXT,
    PRIMARY KEY (campaign, position)
);
CREATE INDEX campaign_item_by_job ON campaign_item (job);
CREATE INDEX campaign_item_by_repository ON campaign_item (repository, pull_number);
