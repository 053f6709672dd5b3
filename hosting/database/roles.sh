#!/bin/sh
# Run once by the image of PostgreSQL, on an empty database: the two log-ins of Klankbord and its database.
set -eu
psql --set ON_ERROR_STOP=1 --username postgres --set owner="$OWNER_PASSWORD" --set app="$APP_PASSWORD" <<'SQL'
CREATE ROLE klankbord_owner LOGIN PASSWORD :'owner';
CREATE ROLE klankbord_app LOGIN PASSWORD :'app';
CREATE DATABASE klankbord OWNER klankbord_owner;
SQL
