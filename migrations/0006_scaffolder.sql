-- What was created, by which version of which template, with which inputs: one row for a task.
CREATE TABLE provenance (
    id TEXT PRIMARY KEY,
    template TEXT NOT NULL,
    template_version TEXT NOT NULL,
    template_source TEXT NOT NULL,
    inputs TEXT NOT NULL,
    actor TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX provenance_by_template ON provenance (template, id);

-- Each thing it made: "repository", "file", "entity", "location", "workspace", "source".
CREATE TABLE provenance_object (
    provenance TEXT NOT NULL REFERENCES provenance (id),
    kind TEXT NOT NULL,
    ref TEXT NOT NULL,
    url TEXT,
    detail TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (provenance, kind, ref)
);
CREATE INDEX provenance_object_by_ref ON provenance_object (kind, ref);
