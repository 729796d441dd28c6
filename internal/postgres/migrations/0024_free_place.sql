-- A place that is given back is locked no more strongly than it has to be. Written
-- by the package slots.

-- +goose Up

-- +goose StatementBegin

-- free_place is that of 0002, and lets an appointment be made in the same quota
-- meanwhile. Such an appointment may wait for the persons of the one that ends:
-- were it waited for in turn, both would stand still until a timeout.
CREATE OR REPLACE FUNCTION free_place(q text, cool_until timestamptz) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	lines  text[] := '{}';
	line   text;
	member text;
	cools  boolean;
BEGIN
	PERFORM id FROM quota WHERE id = q FOR NO KEY UPDATE; -- whoever gives it other parents has come before or comes after
	FOR member IN SELECT unnest(array_prepend(id, parents)) FROM quota WHERE id = q LOOP
		UPDATE quota AS new
		SET booked  = new.booked - 1,
		    excess  = greatest(0, new.excess - 1),
		    cooling = new.cooling + CASE WHEN new.excess = 0 AND cool_until IS NOT NULL THEN 1 ELSE 0 END,
		    version = new.version + 1
		FROM (SELECT id, excess FROM quota WHERE id = member FOR NO KEY UPDATE) AS old
		WHERE new.id = old.id
		RETURNING quota_line(new), old.excess = 0 AND cool_until IS NOT NULL INTO line, cools;
		IF cools THEN
			INSERT INTO cooling (quota_id, until) VALUES (member, cool_until);
		END IF;
		lines := lines || line;
	END LOOP;
	RETURN lines;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION free_place(q text, cool_until timestamptz) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	lines  text[] := '{}';
	line   text;
	member text;
	cools  boolean;
BEGIN
	PERFORM id FROM quota WHERE id = q FOR NO KEY UPDATE; -- whoever gives it other parents has come before or comes after
	FOR member IN SELECT unnest(array_prepend(id, parents)) FROM quota WHERE id = q LOOP
		UPDATE quota AS new
		SET booked  = new.booked - 1,
		    excess  = greatest(0, new.excess - 1),
		    cooling = new.cooling + CASE WHEN new.excess = 0 AND cool_until IS NOT NULL THEN 1 ELSE 0 END,
		    version = new.version + 1
		FROM (SELECT id, excess FROM quota WHERE id = member FOR UPDATE) AS old
		WHERE new.id = old.id
		RETURNING quota_line(new), old.excess = 0 AND cool_until IS NOT NULL INTO line, cools;
		IF cools THEN
			INSERT INTO cooling (quota_id, until) VALUES (member, cool_until);
		END IF;
		lines := lines || line;
	END LOOP;
	RETURN lines;
END
$$;
-- +goose StatementEnd
