-- Whom the program works as. The owner of the tables changes their form, and
-- nothing that is served does: that is hunyue_app, which cannot change what is
-- append-only, and hunyue_purge, which takes from old readings whose they were.

-- +goose Up
-- +goose StatementBegin

-- make_roles makes both roles, where the user may, and gives them what they need of
-- the tables there are. False: somebody who may has to make them (docs/operations.md).
-- It may run again, and does after every migration.
CREATE FUNCTION make_roles() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	r text;
	t record;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('hunyue roles', 0));
	FOREACH r IN ARRAY ARRAY['hunyue_app', 'hunyue_purge'] LOOP
		BEGIN
			IF to_regrole(r) IS NULL THEN
				EXECUTE format('CREATE ROLE %I NOLOGIN', r);
			END IF;
		EXCEPTION
			WHEN insufficient_privilege THEN RETURN false;
			WHEN duplicate_object OR unique_violation THEN NULL; -- made for another database at this moment
		END;
		BEGIN
			IF NOT pg_has_role(r, CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END) THEN
				EXECUTE format('GRANT %I TO %I', r, current_user);
			END IF;
		EXCEPTION
			WHEN insufficient_privilege THEN RETURN false;
		END;
	END LOOP;

	-- Tables whose rows stay have a trigger that says so: no role is given more.
	FOR t IN
		SELECT c.oid::regclass AS name, c.relkind = 'r' AS written,
			coalesce(bool_or(g.tgtype & 8 > 0), false) AS no_delete,
			coalesce(bool_or(g.tgtype & 16 > 0), false) AS no_update
		FROM pg_class AS c
		LEFT JOIN pg_trigger AS g ON g.tgrelid = c.oid AND g.tgname IN ('kept_rows', 'purged_rows')
		WHERE c.relnamespace = 'public'::regnamespace
		  AND c.relkind IN ('r', 'v')
		  AND c.relname <> 'goose_db_version'
		GROUP BY c.oid
		ORDER BY c.oid
	LOOP
		EXECUTE format('REVOKE ALL ON %s FROM hunyue_app, hunyue_purge', t.name);
		EXECUTE format('GRANT SELECT%s%s%s ON %s TO hunyue_app',
			CASE WHEN t.written THEN ', INSERT' END,
			CASE WHEN t.written AND NOT t.no_update THEN ', UPDATE' END,
			CASE WHEN t.written AND NOT t.no_delete THEN ', DELETE' END,
			t.name);
	END LOOP;
	GRANT UPDATE (id) ON notice TO hunyue_app; -- a lock on a row needs it; the row stays, by its trigger
	GRANT SELECT ON temperature, incident, reading_count, office, office_rules, clock TO hunyue_purge;
	GRANT INSERT ON reading_count, audit TO hunyue_purge;
	GRANT UPDATE (appointment_id, unlinked_at, at, corrected_at) ON temperature TO hunyue_purge;
	GRANT UPDATE (appointment_id, unlinked_at) ON incident TO hunyue_purge;
	RETURN true;
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION make_roles FROM PUBLIC;

-- +goose Down
DROP FUNCTION make_roles; -- the roles are the server's, and may be another database's too
