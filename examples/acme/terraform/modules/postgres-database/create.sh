#!/bin/sh
# Makes the role and the database. Comes to the same end however often it is repeated.
set -eu
psql -X -v ON_ERROR_STOP=1 -v name="$DATABASE" -v password="$DATABASE_PASSWORD" -v comment="$DATABASE_COMMENT" -d postgres -q <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', :'name')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
COMMENT ON DATABASE :"name" IS :'comment';
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
echo "Database $DATABASE is there"
