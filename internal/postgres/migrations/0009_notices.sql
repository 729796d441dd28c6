-- Notices: what the offices tell everybody (domain rule 81). Written by the
-- package notify. Nothing here is ever changed: an edit is another version, and
-- what becomes of a version is another step.

-- +goose Up

-- One notice, whatever its versions say.
CREATE TABLE notice (
	id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	office_id text        REFERENCES office, -- NULL: every office
	at        timestamptz NOT NULL DEFAULT clock_now()
);
CREATE INDEX notice_office ON notice (office_id);
SELECT keep_for_ever('notice');

-- The words of a notice as they were written at one time. English may be
-- missing while it is a draft.
CREATE TABLE notice_version (
	notice_id   bigint      NOT NULL REFERENCES notice,
	version     int         NOT NULL CHECK (version > 0),
	kind        text        NOT NULL CHECK (kind IN ('announcement', 'reminder', 'suspension', 'resumption')),
	audience    text        NOT NULL CHECK (audience IN ('public', 'booked', 'cross_border')),
	title_zh    text        NOT NULL CHECK (title_zh <> ''),
	title_en    text        NOT NULL,
	body_zh     text        NOT NULL CHECK (body_zh <> ''), -- plain; an empty line parts two paragraphs
	body_en     text        NOT NULL,
	from_day    date        NOT NULL, -- in force from the beginning of this day
	to_day      date        CHECK (to_day >= from_day), -- to the end of this one; NULL: until further notice
	author      text        NOT NULL CHECK (author <> ''),
	at          timestamptz NOT NULL DEFAULT clock_now(),
	request_key uuid        NOT NULL CONSTRAINT notice_written_once UNIQUE, -- of the form that it was written in
	PRIMARY KEY (notice_id, version)
);
SELECT keep_for_ever('notice_version');

-- What became of a version, in this order: handed in; sent back or published;
-- withdrawn. Each happens once.
CREATE TABLE notice_step (
	id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	notice_id bigint      NOT NULL,
	version   int         NOT NULL,
	step      text        NOT NULL CHECK (step IN ('handed_in', 'sent_back', 'published', 'withdrawn')),
	reason    text        NOT NULL DEFAULT '',
	actor     text        NOT NULL CHECK (actor <> ''),
	at        timestamptz NOT NULL DEFAULT clock_now(),
	FOREIGN KEY (notice_id, version) REFERENCES notice_version,
	CONSTRAINT notice_step_once UNIQUE (notice_id, version, step),
	CONSTRAINT says_why CHECK (step IN ('handed_in', 'published') OR reason <> '')
);
SELECT keep_for_ever('notice_step');

-- Every version with how it stands. A published one that a later published
-- version has replaced is superseded.
CREATE VIEW notice_now AS
	SELECT v.notice_id, v.version, n.office_id, v.kind, v.audience, v.title_zh, v.title_en, v.body_zh, v.body_en,
		v.from_day, v.to_day, v.author, v.at,
		handed_in.at AS handed_in_at,
		published.at AS published_at, published.actor AS reviewer,
		ended.actor AS ended_by, ended.at AS ended_at, ended.reason,
		v.version = max(v.version) OVER (PARTITION BY v.notice_id) AS newest,
		CASE
			WHEN ended.step IS NOT NULL THEN ended.step
			WHEN published.id IS NOT NULL AND EXISTS (
				SELECT FROM notice_step AS later
				WHERE later.notice_id = v.notice_id AND later.version > v.version AND later.step = 'published') THEN 'superseded'
			WHEN published.id IS NOT NULL THEN 'published'
			WHEN handed_in.id IS NOT NULL THEN 'handed_in'
			ELSE 'draft'
		END AS state
	FROM notice_version AS v
	JOIN notice AS n ON n.id = v.notice_id
	LEFT JOIN notice_step AS handed_in ON handed_in.notice_id = v.notice_id AND handed_in.version = v.version AND handed_in.step = 'handed_in'
	LEFT JOIN notice_step AS published ON published.notice_id = v.notice_id AND published.version = v.version AND published.step = 'published'
	LEFT JOIN notice_step AS ended ON ended.notice_id = v.notice_id AND ended.version = v.version AND ended.step IN ('sent_back', 'withdrawn');

-- +goose StatementBegin

-- Versions and steps of a notice take turns, and each step follows the one
-- before it. A version is published by somebody who has written nothing of what
-- was not public before it.
CREATE FUNCTION notice_moves() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	before record;
BEGIN
	PERFORM FROM notice WHERE id = NEW.notice_id FOR NO KEY UPDATE;
	SELECT state, newest, title_en <> '' AND body_en <> '' AS whole
	INTO before
	FROM notice_now
	WHERE notice_id = NEW.notice_id AND version = NEW.version;
	IF (CASE NEW.step
		WHEN 'handed_in' THEN before.state = 'draft' AND before.newest AND before.whole
		WHEN 'sent_back' THEN before.state = 'handed_in'
		WHEN 'published' THEN before.state = 'handed_in' AND before.newest
		ELSE before.state = 'published'
	END) IS NOT TRUE THEN
		RAISE EXCEPTION 'a notice that is % cannot be %', before.state, NEW.step USING ERRCODE = '55000';
	END IF;
	IF NEW.step = 'published' AND EXISTS (
		SELECT FROM notice_now
		WHERE notice_id = NEW.notice_id AND published_at IS NULL AND author = NEW.actor
		  AND version > coalesce((SELECT max(version) FROM notice_now WHERE notice_id = NEW.notice_id AND published_at IS NOT NULL), 0)) THEN
		RAISE EXCEPTION 'nobody reviews what they have written' USING ERRCODE = '55000', CONSTRAINT = 'second_person';
	END IF;
	RETURN NEW;
END
$$;

CREATE FUNCTION notice_version_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM record_audit('notice_written', 'notice:' || NEW.notice_id, NULL, 'draft', 'version ' || NEW.version);
	RETURN NULL;
END
$$;

CREATE FUNCTION notice_step_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM record_audit('notice_' || NEW.step, 'notice:' || NEW.notice_id,
		CASE NEW.step WHEN 'handed_in' THEN 'draft' WHEN 'withdrawn' THEN 'published' ELSE 'handed_in' END,
		NEW.step, 'version ' || NEW.version || CASE WHEN NEW.reason = '' THEN '' ELSE ': ' || NEW.reason END);
	RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER moves BEFORE INSERT ON notice_step FOR EACH ROW EXECUTE FUNCTION notice_moves();
CREATE TRIGGER changed AFTER INSERT ON notice_version FOR EACH ROW EXECUTE FUNCTION notice_version_changed();
CREATE TRIGGER changed AFTER INSERT ON notice_step FOR EACH ROW EXECUTE FUNCTION notice_step_changed();

-- +goose Down
DROP VIEW notice_now;
DROP TABLE notice_step, notice_version, notice;
DROP FUNCTION notice_step_changed, notice_version_changed, notice_moves;
