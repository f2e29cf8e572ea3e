-- Few entities have a status, and the page of findings wants just those.
CREATE INDEX catalog_entity_with_status ON catalog_entity (ref) WHERE status IS NOT NULL;
