-- Pull requests of the built-in git host. head_commit and base_commit are the ends of both branches as the log was last
-- told of them; once it is merged or closed, as they were then. merge_commit is written before the branch moves, so that
-- whoever finds the branch moved knows by what.
CREATE TABLE forge_pull (
  repository_id TEXT NOT NULL REFERENCES forge_repository (id) ON DELETE CASCADE,
  number BIGINT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  author TEXT NOT NULL,
  head TEXT NOT NULL,
  base TEXT NOT NULL,
  head_commit TEXT NOT NULL,
  base_commit TEXT NOT NULL,
  merge_commit TEXT,
  merged_by TEXT,
  labels TEXT NOT NULL,
  cause TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  closed_at BIGINT,
  PRIMARY KEY (repository_id, number)
);
CREATE UNIQUE INDEX forge_pull_open ON forge_pull (repository_id, head, base) WHERE state = 'open';
CREATE TABLE forge_pull_comment (
  id TEXT PRIMARY KEY,
  repository_id TEXT NOT NULL REFERENCES forge_repository (id) ON DELETE CASCADE,
  number BIGINT NOT NULL,
  author TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX forge_pull_comment_of ON forge_pull_comment (repository_id, number, id);
