-- What every other migration builds on: the clock, the audit, append-only tables.

-- +goose Up

-- One row. Demo mode and tests may shift it; nothing else does.
CREATE TABLE clock (
	single boolean  PRIMARY KEY DEFAULT true CHECK (single),
	shift  interval NOT NULL DEFAULT '0'
);
INSERT INTO clock DEFAULT VALUES;

-- Which keys the names and numbers in this database are sealed with: a keyed
-- hash that only these keys give. One row.
CREATE TABLE key_mark (
	single boolean PRIMARY KEY DEFAULT true CHECK (single),
	mark   bytea   NOT NULL CHECK (length(mark) = 32)
);

-- The one SQL function that tells the time.
CREATE FUNCTION clock_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
	SELECT clock_timestamp() + shift FROM clock
$$;

CREATE FUNCTION millis(t timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
	SELECT (extract(epoch FROM t) * 1000)::bigint
$$;

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '% keeps what it holds: add a row that corrects it', TG_TABLE_NAME USING ERRCODE = '55000';
END
$$;

-- keep_for_ever makes a table append-only: no row is changed, deleted or truncated.
CREATE FUNCTION keep_for_ever(kept regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER kept_rows BEFORE UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept);
	EXECUTE format('CREATE TRIGGER kept_whole BEFORE TRUNCATE ON %s EXECUTE FUNCTION refuse_change()', kept);
END
$$;
-- +goose StatementEnd

-- Who did what. No foreign keys: an audit outlives what it speaks of.
CREATE TABLE audit (
	id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at         timestamptz NOT NULL DEFAULT clock_now(),
	actor      text        NOT NULL CHECK (actor <> ''),
	action     text        NOT NULL,
	subject    text        NOT NULL, -- 'appointment:17', 'quota:430702-20260520-0900-marriage-web'
	old_status text,
	new_status text,
	detail     text,
	txid       xid8        NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX audit_subject ON audit (subject);
SELECT keep_for_ever('audit');

-- record_audit writes one audit row. The actor comes from the function that
-- acts (set_actor), so that a trigger can name who is behind a change.
CREATE FUNCTION record_audit(action text, subject text, old_status text, new_status text, detail text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO audit (actor, action, subject, old_status, new_status, detail)
	VALUES (current_setting('hunyue.actor', true), action, subject, old_status, new_status, detail)
$$;

-- set_actor names who acts, until the end of the transaction.
CREATE FUNCTION set_actor(actor text) RETURNS void LANGUAGE sql AS $$
	SELECT set_config('hunyue.actor', actor, true)
$$;

-- +goose Down
DROP FUNCTION set_actor, record_audit;
DROP TABLE audit;
DROP FUNCTION keep_for_ever, refuse_change, millis, clock_now;
DROP TABLE key_mark, clock;
