-- Repositories of the built-in git host. Git itself holds commits and refs; forge_ref is what the log was told.
CREATE TABLE forge_repository (
  id TEXT PRIMARY KEY,
  name_key TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  visibility TEXT NOT NULL,
  default_branch TEXT NOT NULL,
  protected_branches TEXT NOT NULL,
  state TEXT NOT NULL,
  intent_id TEXT NOT NULL,
  created_by TEXT NOT NULL,
  cause TEXT,
  created_at BIGINT NOT NULL,
  seed_tree TEXT
);
CREATE TABLE forge_ref (
  repository_id TEXT NOT NULL REFERENCES forge_repository (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  target TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (repository_id, name)
);
