-- Who may use the program: staff accounts, and the tokens they are signed in
-- with. Written by the package server/auth.

-- +goose Up
CREATE TABLE account (
	id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	username     text        NOT NULL CONSTRAINT account_username UNIQUE CHECK (username ~ '^[a-z][a-z0-9._-]{1,31}$'),
	name         text        NOT NULL CHECK (name <> ''),
	password     text        NOT NULL CHECK (password LIKE '$argon2id$%'),
	roles        text[]      NOT NULL CHECK (cardinality(roles) > 0
		AND roles <@ ARRAY['operator', 'hall', 'registrar', 'manager', 'district', 'auditor', 'sysadmin', 'secadmin']),
	offices      text[]      NOT NULL DEFAULT '{}',
	disabled_at  timestamptz,
	failures     smallint    NOT NULL DEFAULT 0, -- since the last right password
	locked_until timestamptz,
	created_at   timestamptz NOT NULL DEFAULT clock_now(),
	-- Who runs the system, who guards it and who looks over both are three people (domain rule 88).
	CONSTRAINT account_roles_exclude CHECK (
		('sysadmin' = ANY (roles))::int + ('secadmin' = ANY (roles))::int + ('auditor' = ANY (roles))::int <= 1)
);

-- The token itself is nowhere: who reads this table can sign in as nobody.
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

-- +goose Down
DROP TABLE access_token, account;
