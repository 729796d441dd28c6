-- The keys that somebody has chosen for the console. Written by the package
-- server/operator.

-- +goose Up

-- What is not here has the key that the console gives it.
CREATE TABLE key_binding (
	account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
	action     text   NOT NULL CHECK (action ~ '^[a-z]{1,16}$'),
	key        text   NOT NULL CHECK (length(key) <= 16), -- empty: off
	PRIMARY KEY (account_id, action)
);
-- One key does one thing.
CREATE UNIQUE INDEX key_binding_once ON key_binding (account_id, key) WHERE key <> '';

-- What one operator did on one day is read from the audit.
CREATE INDEX audit_staff ON audit (actor, at) WHERE actor LIKE 'staff:%';

-- +goose Down
DROP INDEX audit_staff;
DROP TABLE key_binding;
