-- From where somebody of the staff did what the audit says (domain rule 88).

-- +goose Up

-- The network, and what kind of device: '10.0.3.17 computer', '203.0.113.0/24 phone'.
-- Nothing where it was not staff: where couples are is nobody's business.
ALTER TABLE audit ADD COLUMN origin text CHECK (origin <> '' AND length(origin) <= 80);

-- The origin comes with the connection (internal/postgres/origin.go), so whoever
-- writes an audit row need not know of it.
CREATE OR REPLACE FUNCTION record_audit(action text, subject text, old_status text, new_status text, detail text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO audit (actor, action, subject, old_status, new_status, detail, origin)
	VALUES (current_setting('hunyue.actor', true), action, subject, old_status, new_status, detail, nullif(current_setting('hunyue.origin', true), ''))
$$;

-- Rows without an origin are hashed as before there were any: what is sealed stays so.
CREATE OR REPLACE FUNCTION audit_hash(a audit) RETURNS bytea LANGUAGE sql STABLE AS $$
	SELECT sha256(convert_to((jsonb_build_array(a.id, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
		a.actor, a.action, a.subject, a.old_status, a.new_status, a.detail, a.txid::text)
		|| CASE WHEN a.origin IS NULL THEN '[]' ELSE jsonb_build_array(a.origin) END)::text, 'UTF8'))
$$;

-- +goose Down
CREATE OR REPLACE FUNCTION audit_hash(a audit) RETURNS bytea LANGUAGE sql STABLE AS $$
	SELECT sha256(convert_to(jsonb_build_array(a.id, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
		a.actor, a.action, a.subject, a.old_status, a.new_status, a.detail, a.txid::text)::text, 'UTF8'))
$$;
CREATE OR REPLACE FUNCTION record_audit(action text, subject text, old_status text, new_status text, detail text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO audit (actor, action, subject, old_status, new_status, detail)
	VALUES (current_setting('hunyue.actor', true), action, subject, old_status, new_status, detail)
$$;
ALTER TABLE audit DROP COLUMN origin;
