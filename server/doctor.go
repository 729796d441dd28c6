package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/postgres"
	"hunyue/internal/redis"
)

type doctor struct {
	URL string `help:"Ask a running program whether it is ready, and nothing else. For the health check of a container." placeholder:"URL"`
}

var errUnwell = errors.New("something is wrong: see above")

// Run prints what it finds of all that the program needs, and fails if
// something is wrong.
func (d *doctor) Run(ctx context.Context, p *program) error {
	var r report
	if d.URL != "" {
		r.note("program", func() (string, error) { return askReady(ctx, d.URL) })
	} else {
		r.note("data folder", func() (string, error) { return p.Data, nil })
		r.note("key file", p.keyState)
		r.engines(ctx, p)
	}
	if _, err := io.WriteString(p.stdout, r.text.String()); err != nil {
		return err
	}
	if r.wrong {
		return errUnwell
	}
	return nil
}

// report is what was found, a line each.
type report struct {
	text  strings.Builder
	wrong bool
}

// note writes down what look finds, and whether it was all right.
func (r *report) note(subject string, look func() (string, error)) {
	mark := "ok   "
	found, err := look()
	if err != nil {
		mark, found, r.wrong = "WRONG", err.Error(), true
	}
	fmt.Fprintf(&r.text, "%s  %-12s %s\n", mark, subject, found)
}

// engines looks at both engines; private ones are started for it.
func (r *report) engines(ctx context.Context, p *program) {
	at, stop, err := p.join(ctx, true, true)
	if err != nil {
		r.note("engines", func() (string, error) { return "", err })
		return
	}
	defer r.note("engines", func() (string, error) { return "stopped again, or left to the program that runs them", stop() })
	db, err := postgres.Open(ctx, at.database)
	r.note("postgres", func() (string, error) { return postgresVersion(ctx, db, err) })
	places, missing := redis.Open(ctx, at.redis)
	r.note("redis", func() (string, error) { return redisVersion(ctx, places, missing) })
	if err != nil || missing != nil {
		return
	}
	defer db.Close()
	defer places.Close()
	r.note("migrations", func() (string, error) { return migrationState(ctx, db) })
	r.note("roles", func() (string, error) { return roleState(ctx, db) })
	r.note("clocks", func() (string, error) {
		apart, err := skew(ctx, db, places)
		if err == nil && apart.Abs() > skewAllowed {
			err = fmt.Errorf("redis and postgres are %v apart: let both follow the same time server", apart)
		}
		return fmt.Sprintf("Redis and Postgres are %v apart", apart), err
	})
}

// keyState is the key file and who may read it.
func (p *program) keyState() (string, error) {
	info, err := os.Stat(p.Keys)
	if errors.Is(err, fs.ErrNotExist) {
		return p.Keys + ", to be made on the first start", nil
	}
	if err != nil {
		return "", err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return "", fmt.Errorf("%s may be read by others (%v): run chmod 600 on it", p.Keys, mode)
	}
	return fmt.Sprintf("%s, %v", p.Keys, info.Mode().Perm()), nil
}

func postgresVersion(ctx context.Context, db *sqlx.DB, err error) (string, error) {
	if err != nil {
		return "", err
	}
	var version string
	err = db.GetContext(ctx, &version, `SHOW server_version`)
	return version, err
}

func redisVersion(ctx context.Context, client goredis.UniversalClient, err error) (string, error) {
	if err != nil {
		return "", err
	}
	info, err := client.Info(ctx, "server").Result()
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(info) {
		if version, ok := strings.CutPrefix(line, "redis_version:"); ok {
			return strings.TrimSpace(version), nil
		}
	}
	return "of unknown version", nil
}

// migrationState compares the database with the migrations that the program
// has. One that is missing will be applied by the next start; one too many
// means that a newer program was here.
func migrationState(ctx context.Context, db *sqlx.DB) (string, error) {
	files, err := fs.Glob(postgres.Migrations(), "migrations/*.sql")
	if err != nil {
		return "", err
	}
	var table sql.NullString
	if err := db.GetContext(ctx, &table, `SELECT to_regclass('goose_db_version')`); err != nil {
		return "", err
	}
	applied := 0
	if table.Valid {
		err := db.GetContext(ctx, &applied, `
			SELECT count(*)
			FROM goose_db_version
			WHERE version_id > 0
			  AND is_applied`)
		if err != nil {
			return "", err
		}
	}
	if applied > len(files) {
		return "", fmt.Errorf("the database has %d and this program knows %d: use a newer program", applied, len(files))
	}
	return fmt.Sprintf("%d of %d applied", applied, len(files)), nil
}

// errNoRoles is for whoever may make roles in this database.
var errNoRoles = errors.New("the user of the database can make no roles, so the program works as the owner of its tables and old readings stay linked and the audit whole: " +
	"let a superuser run CREATE ROLE hunyue_app; CREATE ROLE hunyue_purge; GRANT hunyue_app, hunyue_purge TO that user; and start the program again")

// roleState is whether the program works as roles that cannot change what is kept.
func roleState(ctx context.Context, db *sqlx.DB) (string, error) {
	var migrated bool
	if err := db.GetContext(ctx, &migrated, `SELECT to_regproc('make_roles') IS NOT NULL`); err != nil {
		return "", err
	}
	if !migrated {
		return "to be made on the next start", nil
	}
	there, err := postgres.Roles(ctx, db)
	if err == nil && !there {
		err = errNoRoles
	}
	return "hunyue_app serves, hunyue_purge unlinks old readings and ends the audit", err
}

// skewAllowed is how far the engines' clocks may be apart: a hold judged by one
// must not have ended long ago by the other.
const skewAllowed = 500 * time.Millisecond

// skew is how far Redis runs ahead of Postgres, to within half a round trip. Of
// the servers of a cluster it is the one that is furthest off.
func skew(ctx context.Context, db *sqlx.DB, client goredis.UniversalClient) (time.Duration, error) {
	cluster, ok := client.(*goredis.ClusterClient)
	if !ok {
		return skewOf(ctx, db, client)
	}
	var (
		mu    sync.Mutex
		worst time.Duration
	)
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, server *goredis.Client) error {
		one, err := skewOf(ctx, db, server)
		mu.Lock()
		defer mu.Unlock()
		if one.Abs() > worst.Abs() {
			worst = one
		}
		return err
	})
	return worst, err
}

func skewOf(ctx context.Context, db *sqlx.DB, server goredis.Cmdable) (time.Duration, error) {
	before, err := server.Time(ctx).Result()
	if err != nil {
		return 0, fmt.Errorf("clock of redis: %w", err)
	}
	var between time.Time
	if err := db.GetContext(ctx, &between, `SELECT clock_timestamp()`); err != nil {
		return 0, fmt.Errorf("clock of postgres: %w", err)
	}
	after, err := server.Time(ctx).Result()
	if err != nil {
		return 0, fmt.Errorf("clock of redis: %w", err)
	}
	return before.Add(after.Sub(before) / 2).Sub(between).Round(time.Millisecond), nil
}

// askReady asks the program at base whether it is ready.
func askReady(ctx context.Context, base string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(base, "/")+"/readyz", nil)
	if err != nil {
		return "", err
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	if err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("not ready: %s", strings.TrimSpace(string(body)))
	}
	return "ready", nil
}
