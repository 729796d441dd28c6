package testenv

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/postgres"
)

// DB is an empty, migrated database that no other test sees. It goes with the
// test; a failing test leaves it behind and says where it is.
func DB(t testing.TB) *sqlx.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Pool is more connections to the database of db, which take none from it.
func Pool(t testing.TB, db *sqlx.DB) *sqlx.DB {
	t.Helper()
	var name string
	if err := db.Get(&name, `SELECT current_database()`); err != nil {
		t.Fatal(err)
	}
	pool, err := postgres.Open(t.Context(), within(server(t, DatabaseURL), name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

// DSN is the address of such a database, for a program that opens it itself.
func DSN(t testing.TB) string {
	t.Helper()
	base, name := server(t, DatabaseURL), "test_"+unique()
	admin, err := sql.Open("postgres", base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Close() })
	if err := create(t.Context(), admin, base, name); err != nil {
		t.Fatalf("make a database for this test: %v", err)
	}
	dsn := within(base, name)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the database is kept: %s", dsn)
			return
		}
		if _, err := admin.Exec(`DROP DATABASE ` + name + ` WITH (FORCE)`); err != nil {
			t.Errorf("drop the database of this test: %v", err)
		}
	})
	return dsn
}

// create copies the template to a new database. Both names are ours: letters,
// digits and underscores.
func create(ctx context.Context, admin *sql.DB, base, name string) error {
	template, err := templateFor(ctx, admin, base)
	if err != nil {
		return fmt.Errorf("template: %w", err)
	}
	_, err = admin.ExecContext(ctx, `CREATE DATABASE `+name+` TEMPLATE `+template+` STRATEGY file_copy`) // twice as fast as through the log
	return err
}

// templateFor is a migrated database to copy, named after the migrations: made
// once for all packages, and anew whenever a migration changes.
func templateFor(ctx context.Context, admin *sql.DB, base string) (string, error) {
	sum, err := fingerprint(postgres.Migrations())
	if err != nil {
		return "", err
	}
	name := "template_" + sum
	if done, err := isTemplate(ctx, admin, name); done || err != nil {
		return name, err
	}
	conn, err := admin.Conn(ctx) // the lock below is this connection's
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(hashtext($1))`, name); err != nil {
		return "", err
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(hashtext($1))`, name)
	if done, err := isTemplate(ctx, conn, name); done || err != nil {
		return name, err // made while we waited
	}
	return name, makeTemplate(ctx, conn, base, name)
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func isTemplate(ctx context.Context, q querier, name string) (done bool, err error) {
	err = q.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)`, name).Scan(&done)
	return done, err
}

func makeTemplate(ctx context.Context, conn *sql.Conn, base, name string) error {
	for _, q := range []string{`DROP DATABASE IF EXISTS ` + name, `CREATE DATABASE ` + name} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	if err := migrate(ctx, within(base, name)); err != nil {
		return err
	}
	// Nobody may connect from now on: a database with guests cannot be copied.
	_, err := conn.ExecContext(ctx, `ALTER DATABASE `+name+` WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`)
	return err
}

func migrate(ctx context.Context, dsn string) error {
	db, err := postgres.Open(ctx, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	return postgres.Migrate(ctx, db)
}

// fingerprint is the same for the same files with the same content.
func fingerprint(migrations fs.FS) (string, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, name := range names {
		content, err := fs.ReadFile(migrations, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(content), content)
	}
	return fmt.Sprintf("%x", sum.Sum(nil))[:16], nil
}

// within is the address base with another database.
func within(base, name string) string {
	if u, err := url.Parse(base); err == nil && strings.HasPrefix(u.Scheme, "postgres") {
		u.Path = "/" + name
		return u.String()
	}
	return base + " dbname=" + name // the last one counts
}
