-- The words of the audit, and how long it is kept (domain rules 87 and 88).
-- Written by the package server/watch.

-- +goose Up

-- The actions and the kinds of subjects that the audit knows: each has words for
-- whoever reads it (server/i18n/locales/auditwords.*.json). A later migration adds
-- its own with audit_knows.
CREATE FUNCTION audit_actions() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$ SELECT '{}'::text[] $$;
CREATE FUNCTION audit_subjects() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$ SELECT '{}'::text[] $$;

-- +goose StatementBegin

-- audit_knows adds to them. Where words are written into a function and not into a
-- table, a row of the audit costs no query.
CREATE FUNCTION audit_knows(actions text[], subjects text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE OR REPLACE FUNCTION audit_actions() RETURNS text[] LANGUAGE sql IMMUTABLE AS %L',
		format('SELECT %L::text[]', (SELECT array_agg(DISTINCT a ORDER BY a) FROM unnest(audit_actions() || actions) AS a)));
	EXECUTE format('CREATE OR REPLACE FUNCTION audit_subjects() RETURNS text[] LANGUAGE sql IMMUTABLE AS %L',
		format('SELECT %L::text[]', (SELECT array_agg(DISTINCT s ORDER BY s) FROM unnest(audit_subjects() || subjects) AS s)));
END
$$;

-- audit_in_words refuses a row that nobody would have words for.
CREATE FUNCTION audit_in_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.action <> ALL (audit_actions()) THEN
		RAISE EXCEPTION 'the audit has no words for the action %', NEW.action USING ERRCODE = '23514', CONSTRAINT = 'audit_action_known';
	END IF;
	IF split_part(NEW.subject, ':', 1) <> ALL (audit_subjects()) THEN
		RAISE EXCEPTION 'the audit has no words for the subject %', NEW.subject USING ERRCODE = '23514', CONSTRAINT = 'audit_subject_known';
	END IF;
	RETURN NEW;
END
$$;
-- +goose StatementEnd

SELECT audit_knows('{
	booked, moved, cancelled, cancelled_by_office, late, checked_in, called, in_service, completed, not_accepted, no_show, health_deferred,
	reason, excused, decided, second_confirmed, second_waived, data_opened, data_corrected, data_erased,
	visit, visit_told_later, let_in, ticket_printed, ticket_reprinted, registration_undone, certificate_amended, counter_opened, counter_closed,
	day_closed, report_submitted, reading_corrected, readings_unlinked, incident_opened, incident_handed_over,
	disinfection_entered, disinfection_corrected, disinfection_checked, ledger_exported,
	desk_conflict, desk_conflict_read, desk_conflict_taken, desk_conflict_settled,
	wait_joined, wait_waiting, wait_offered, wait_accepted, wait_left, wait_expired,
	wait_offer_accepted, wait_offer_declined, wait_offer_missed, wait_offer_refused, wait_offer_withdrawn,
	call_taken, notice_written, notice_handed_in, notice_sent_back, notice_published, notice_withdrawn,
	office_put, rules_set, schedule_put, exception_put, exception_dropped, screening_set, calendar_imported,
	published, cap_set, quota_opened, quota_closed, suspended, suspension_amended,
	user_added, user_disabled, duties_assigned, link_made, account_activated, sign_on_bound, password_changed,
	factor_set, factor_reset, factor_failed, login, login_failed, logout, sessions_ended,
	read, unmasked, list, honey_marked, honey_unmarked, alarm_answered, audit_shown, audit_exported, audit_removed,
	demo_loaded
}', '{
	account, alarm, appointment, audit, calendar, call, counter, database, day, desk_conflict, disinfection, honey, incident,
	notice, office, office_day, quota, suspension, temperature, visit, waiter
}');
CREATE TRIGGER in_words BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_in_words();

-- How long the audit has to be kept, whatever the settings say: six months by law
-- (cybersecurity law, article 23, 21 until 2025), and six months have up to 184 days.
CREATE FUNCTION audit_kept_days() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 184 $$;

-- What was removed because its days were over: always the oldest rows, with the seals
-- over them. The chain goes on from the last of these seals, whose hash stays here.
CREATE TABLE audit_removal (
	seal  bigint      PRIMARY KEY CHECK (seal > 0),
	hash  bytea       NOT NULL CHECK (length(hash) = 32),
	rows  int         NOT NULL CHECK (rows > 0),
	until timestamptz NOT NULL, -- of the newest row that was removed
	days  int         NOT NULL CHECK (days >= audit_kept_days()), -- that the rule was then
	at    timestamptz NOT NULL DEFAULT clock_now(),
	txid  xid8        NOT NULL DEFAULT pg_current_xact_id(),
	CHECK (until < at - make_interval(days => days))
);
SELECT keep_for_ever('audit_removal');

-- removal_said is what the audit says of a removal, so that none can be put in later.
CREATE FUNCTION removal_said(r audit_removal) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT format('%s rows until %s, kept %s days, seal %s %s',
		r.rows, to_char(r.until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), r.days, r.seal, encode(r.hash, 'hex'))
$$;

-- +goose StatementBegin

-- audit_ends lets one role do one thing: delete rows of the audit that are older than
-- what it has noted, in the same transaction, as removed.
CREATE FUNCTION audit_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP <> 'DELETE'
		OR current_user <> 'hunyue_purge'
		OR NOT EXISTS (SELECT FROM audit_removal AS r WHERE r.txid = pg_current_xact_id() AND r.until >= OLD.at) THEN
		RAISE EXCEPTION 'audit keeps what it holds: add a row that corrects it' USING ERRCODE = '55000';
	END IF;
	RETURN OLD;
END
$$;

-- seal_ends lets it delete the seals over them.
CREATE FUNCTION seal_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP <> 'DELETE'
		OR current_user <> 'hunyue_purge'
		OR NOT EXISTS (SELECT FROM audit_removal AS r WHERE r.txid = pg_current_xact_id() AND r.seal >= OLD.id) THEN
		RAISE EXCEPTION 'audit_seal keeps what it holds' USING ERRCODE = '55000';
	END IF;
	RETURN OLD;
END
$$;
-- +goose StatementEnd

DROP TRIGGER kept_rows ON audit;
CREATE TRIGGER purged_rows BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_ends();
DROP TRIGGER kept_rows ON audit_seal;
CREATE TRIGGER purged_rows BEFORE UPDATE OR DELETE ON audit_seal FOR EACH ROW EXECUTE FUNCTION seal_ends();

-- Who makes the roles gives hunyue_purge what it needs for that, too.
ALTER FUNCTION make_roles RENAME TO make_first_roles;
-- +goose StatementBegin
CREATE FUNCTION make_roles() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF NOT make_first_roles() THEN
		RETURN false;
	END IF;
	GRANT SELECT ON audit, audit_seal, audit_removal TO hunyue_purge;
	GRANT DELETE ON audit, audit_seal TO hunyue_purge;
	GRANT INSERT ON audit_removal TO hunyue_purge;
	REVOKE INSERT ON audit_removal FROM hunyue_app;
	RETURN true;
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION make_roles FROM PUBLIC;

-- +goose Down
DROP FUNCTION make_roles;
ALTER FUNCTION make_first_roles RENAME TO make_roles;
DROP TRIGGER purged_rows ON audit_seal;
CREATE TRIGGER kept_rows BEFORE UPDATE OR DELETE ON audit_seal FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER purged_rows ON audit;
CREATE TRIGGER kept_rows BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP FUNCTION removal_said;
DROP TABLE audit_removal;
DROP TRIGGER in_words ON audit;
DROP FUNCTION seal_ends, audit_ends, audit_kept_days, audit_in_words, audit_knows, audit_subjects, audit_actions;
