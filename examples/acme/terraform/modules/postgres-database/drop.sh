#!/bin/sh
# Removes the database and its role; nothing to do where they are gone.
set -eu
psql -X -v ON_ERROR_STOP=1 -v name="$DATABASE" -d postgres -q <<'SQL'
SELECT format('DROP DATABASE %I WITH (FORCE)', :'name')
WHERE EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
SELECT format('DROP ROLE %I', :'name')
WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
SQL
echo "Database $DATABASE is gone"
