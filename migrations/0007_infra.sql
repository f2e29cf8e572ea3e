-- Terraform's workspaces, runs and state. What may hold a secret (variables, state) is sealed.
CREATE TABLE infra_workspace (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  module TEXT NOT NULL,
  service TEXT NOT NULL,
  environment TEXT NOT NULL,
  owner TEXT,
  variables {{blob}} NOT NULL,
  created_by TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX infra_workspace_service ON infra_workspace (service);
CREATE TABLE infra_run (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES infra_workspace (id),
  operation TEXT NOT NULL,
  variables {{blob}} NOT NULL,
  state TEXT NOT NULL,
  plan_add BIGINT,
  plan_change BIGINT,
  plan_destroy BIGINT,
  plan_changes TEXT,
  actor TEXT,
  cause TEXT,
  created_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE INDEX infra_run_workspace ON infra_run (workspace_id, created_at);
CREATE TABLE infra_state (
  workspace_id TEXT NOT NULL REFERENCES infra_workspace (id),
  version BIGINT NOT NULL,
  serial BIGINT NOT NULL,
  lineage TEXT NOT NULL,
  digest TEXT NOT NULL,
  body {{blob}},
  written_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, version)
);
CREATE TABLE infra_lock (
  workspace_id TEXT PRIMARY KEY REFERENCES infra_workspace (id),
  lock_id TEXT NOT NULL,
  info TEXT NOT NULL,
  holder TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE TABLE infra_output (
  workspace_id TEXT NOT NULL REFERENCES infra_workspace (id),
  name TEXT NOT NULL,
  sensitive BIGINT NOT NULL,
  value TEXT,
  PRIMARY KEY (workspace_id, name)
);
CREATE TABLE infra_resource (
  workspace_id TEXT NOT NULL REFERENCES infra_workspace (id),
  address TEXT NOT NULL,
  type TEXT NOT NULL,
  PRIMARY KEY (workspace_id, address)
);
