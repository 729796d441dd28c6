-- The phone line: what became of each call, and what an operator had typed when
-- a call broke off. Written by the package booking.

-- +goose Up

-- One call of an operator, from when the number was known. It names nobody: the
-- phone is a keyed hash, as an appointment has it.
CREATE TABLE call (
	id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	call_key       uuid        NOT NULL CONSTRAINT call_once UNIQUE, -- of the console that took it
	office_id      text        NOT NULL REFERENCES office,
	phone_key      bytea       NOT NULL CHECK (length(phone_key) = 32),
	actor          text        NOT NULL CHECK (actor <> ''),
	began_at       timestamptz NOT NULL DEFAULT clock_now(),
	outcome        text        NOT NULL DEFAULT 'asked' CHECK (outcome IN ('asked', 'parked', 'booked', 'moved')),
	appointment_id bigint      REFERENCES appointment, -- that was booked or moved
	for_other      boolean     NOT NULL DEFAULT false, -- the caller is none of the two
	called_back    boolean     NOT NULL DEFAULT false, -- the operator has called the number back
	decision       text        NOT NULL DEFAULT '' CHECK (length(decision) <= 200), -- why somebody who cannot book online was booked (domain rule 52)
	CONSTRAINT call_came_to_something CHECK ((outcome IN ('booked', 'moved')) = (appointment_id IS NOT NULL))
);
CREATE INDEX call_of_phone ON call (phone_key, office_id, began_at DESC);
CREATE INDEX call_began ON call (began_at);
CREATE INDEX call_appointment ON call (appointment_id) WHERE appointment_id IS NOT NULL;

-- What was typed in a call that broke off. It is sealed and gone by the end of
-- the day.
CREATE TABLE call_draft (
	call_key   uuid        PRIMARY KEY,
	office_id  text        NOT NULL REFERENCES office,
	phone_key  bytea       CHECK (length(phone_key) = 32), -- null: the number was not known
	actor      text        NOT NULL CHECK (actor <> ''),
	sealed     bytea       NOT NULL,
	parked_at  timestamptz NOT NULL DEFAULT clock_now(),
	expires_at timestamptz NOT NULL
);
CREATE INDEX call_draft_office ON call_draft (office_id, parked_at);

-- +goose Down
DROP TABLE call_draft, call;
