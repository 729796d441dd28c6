-- What is known of staff besides their names: until when a registrar may
-- register, what they prove who they are with, and which sign-ins are over. The
-- sign-ins themselves are in Redis. Written by the package server/auth.

-- +goose Up
DROP TABLE access_token;

-- Whoever guarded the system and did its business besides only guards it from now on.
UPDATE account
SET roles = (
	SELECT array_agg(role ORDER BY role)
	FROM (SELECT role FROM unnest(roles) AS role WHERE role IN ('sysadmin', 'secadmin', 'auditor') LIMIT 1) AS guard)
WHERE roles && ARRAY['sysadmin', 'secadmin', 'auditor']
  AND cardinality(roles) > 1;

ALTER TABLE account
	ALTER COLUMN password DROP NOT NULL, -- none, until they have chosen one
	ADD COLUMN session_epoch       bigint      NOT NULL DEFAULT 1, -- sign-ins of an earlier one are over
	ADD COLUMN password_since      timestamptz NOT NULL DEFAULT clock_now(),
	ADD COLUMN factor_failures     integer     NOT NULL DEFAULT 0 CHECK (factor_failures >= 0), -- since the last right one
	ADD COLUMN factor_locked_until timestamptz,
	ADD COLUMN certificate_from    date,
	ADD COLUMN certificate_to      date, -- the last day
	-- The permission to register has a beginning and an end (domain rule 49).
	ADD CONSTRAINT account_certificate CHECK (
		(certificate_from IS NULL) = (certificate_to IS NULL) AND certificate_from <= certificate_to),
	-- Who runs the system, who guards it and who looks over both are three people, and none of them does its business
	-- (domain rule 88).
	DROP CONSTRAINT account_roles_exclude,
	ADD CONSTRAINT account_roles_exclude CHECK (
		NOT roles && ARRAY['sysadmin', 'secadmin', 'auditor'] OR cardinality(roles) = 1);

-- What ends somebody's sign-ins is decided here, so that no statement can forget it.
-- +goose StatementBegin
CREATE FUNCTION end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.session_epoch := OLD.session_epoch + 1;
	RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER ends_sessions BEFORE UPDATE ON account
	FOR EACH ROW
	WHEN (OLD.password IS DISTINCT FROM NEW.password OR OLD.roles IS DISTINCT FROM NEW.roles
		OR OLD.disabled_at IS DISTINCT FROM NEW.disabled_at)
	EXECUTE FUNCTION end_sessions();

-- The passwords that somebody had before.
CREATE TABLE old_password (
	account_id  bigint      NOT NULL REFERENCES account,
	hash        text        NOT NULL CHECK (hash LIKE '$argon2id$%'),
	replaced_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (account_id, replaced_at, hash)
);

-- The secret is sealed for its account. No code counts twice: each belongs to a step of 30 seconds.
CREATE TABLE totp (
	account_id bigint      PRIMARY KEY REFERENCES account,
	secret     bytea       NOT NULL,
	last_step  bigint      NOT NULL,
	added_at   timestamptz NOT NULL DEFAULT clock_now()
);

-- The public half of a security key, as the library writes it.
CREATE TABLE security_key (
	id         bytea       PRIMARY KEY,
	account_id bigint      NOT NULL REFERENCES account,
	credential jsonb       NOT NULL,
	name       text        NOT NULL CHECK (name <> '' AND char_length(name) <= 40),
	added_at   timestamptz NOT NULL DEFAULT clock_now()
);
CREATE INDEX security_key_account ON security_key (account_id);

-- Nobody takes their own second factor away.
CREATE TABLE factor_reset (
	id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	account_id bigint      NOT NULL REFERENCES account,
	by_account bigint      REFERENCES account, -- none: on the command line
	reason     text        NOT NULL CHECK (btrim(reason) <> '' AND char_length(reason) <= 200),
	at         timestamptz NOT NULL DEFAULT clock_now(),
	CONSTRAINT factor_reset_by_another CHECK (by_account <> account_id)
);

-- A link with which somebody chooses a password, once. The link is nowhere: who reads this table can follow none.
CREATE TABLE account_link (
	hash       bytea       PRIMARY KEY CHECK (length(hash) = 32),
	account_id bigint      REFERENCES account, -- none: the first account is made with it
	made_at    timestamptz NOT NULL DEFAULT clock_now(),
	expires_at timestamptz NOT NULL,
	used_at    timestamptz
);
CREATE UNIQUE INDEX account_link_open ON account_link (coalesce(account_id, 0)) WHERE used_at IS NULL;

-- Who somebody is at the city's single sign-on.
CREATE TABLE sign_on (
	account_id bigint      PRIMARY KEY REFERENCES account,
	issuer     text        NOT NULL,
	subject    text        NOT NULL CHECK (subject <> '' AND char_length(subject) <= 255),
	bound_by   bigint      NOT NULL REFERENCES account,
	bound_at   timestamptz NOT NULL DEFAULT clock_now(),
	CONSTRAINT sign_on_once UNIQUE (issuer, subject),
	CONSTRAINT sign_on_by_another CHECK (bound_by <> account_id)
);

-- +goose Down
DROP TABLE sign_on, account_link, factor_reset, security_key, totp, old_password;
DROP TRIGGER ends_sessions ON account;
DROP FUNCTION end_sessions();
DELETE FROM account WHERE password IS NULL; -- they have never signed in
ALTER TABLE account
	ALTER COLUMN password SET NOT NULL,
	DROP COLUMN session_epoch,
	DROP COLUMN password_since,
	DROP COLUMN factor_failures,
	DROP COLUMN factor_locked_until,
	DROP COLUMN certificate_from,
	DROP COLUMN certificate_to,
	DROP CONSTRAINT account_roles_exclude,
	ADD CONSTRAINT account_roles_exclude CHECK (
		('sysadmin' = ANY (roles))::int + ('secadmin' = ANY (roles))::int + ('auditor' = ANY (roles))::int <= 1);
CREATE TABLE access_token (
	hash         bytea       PRIMARY KEY CHECK (length(hash) = 32),
	account_id   bigint      NOT NULL REFERENCES account,
	issued_at    timestamptz NOT NULL DEFAULT clock_now(),
	last_used_at timestamptz NOT NULL DEFAULT clock_now(),
	expires_at   timestamptz NOT NULL,
	revoked_at   timestamptz
);
CREATE INDEX access_token_account ON access_token (account_id);
CREATE INDEX access_token_expires ON access_token (expires_at);
