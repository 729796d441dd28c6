package web

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"hunyue/internal/testenv"
)

// counted is connections to a database that count what they are asked.
type counted struct {
	driver.Connector
	asked *atomic.Int64
}

func (c counted) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	return countedConn{conn, c.asked}, err
}

type countedConn struct {
	driver.Conn
	asked *atomic.Int64
}

func (c countedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.asked.Add(1)
	asks, ok := c.Conn.(driver.QueryerContext)
	if !ok {
		return nil, fmt.Errorf("%T asks nothing", c.Conn)
	}
	return asks.QueryContext(ctx, query, args)
}

func (c countedConn) CheckNamedValue(v *driver.NamedValue) error {
	if checks, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checks.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// countQueries makes the hall and the offices ask over connections that are counted.
func (tn *town) countQueries() *atomic.Int64 {
	tn.t.Helper()
	var name string
	tn.must(tn.db.Get(&name, `SELECT current_database()`))
	to, err := pq.NewConnector(os.Getenv(testenv.DatabaseURL) + " dbname=" + name)
	tn.must(err)
	asked := &atomic.Int64{}
	db := sqlx.NewDb(sql.OpenDB(counted{to, asked}), "postgres")
	tn.t.Cleanup(func() { db.Close() })
	tn.Hall.DB, tn.Hall.Offices.DB = db, db
	return asked
}
