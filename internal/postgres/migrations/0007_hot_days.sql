-- Hot days: a special day on which the phone is verified before a time can be
-- chosen. Written by the package slots.

-- +goose Up
ALTER TABLE schedule_exception
	ADD COLUMN verify_first boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE schedule_exception
	DROP COLUMN verify_first;
