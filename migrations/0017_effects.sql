-- Each change that a task made outside of its workspace, in order: what an undo takes back and an upgrade starts from.
CREATE TABLE provenance_effect (
    provenance TEXT NOT NULL REFERENCES provenance (id),
    step TEXT NOT NULL,
    position BIGINT NOT NULL,
    action TEXT NOT NULL,
    operation TEXT NOT NULL,
    kind TEXT NOT NULL,
    ref TEXT NOT NULL,
    url TEXT,
    detail TEXT,
    created_at BIGINT NOT NULL,
    undone_at BIGINT,
    PRIMARY KEY (provenance, step, operation, kind, ref)
);
CREATE INDEX provenance_effect_by_ref ON provenance_effect (kind, ref);

-- What was remembered before knew no step; the action follows from the kind.
INSERT INTO provenance_effect (provenance, step, position, action, operation, kind, ref, url, detail, created_at)
    SELECT provenance, '', 0,
        CASE kind WHEN 'repository' THEN 'publish:github' WHEN 'file' THEN 'publish:github' WHEN 'entity' THEN 'catalog:register'
            WHEN 'location' THEN 'catalog:register' WHEN 'workspace' THEN 'terraform:apply' ELSE '' END,
        CASE kind WHEN 'source' THEN 'read' ELSE 'create' END, kind, ref, url, detail, created_at FROM provenance_object;
DROP TABLE provenance_object;
