package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
)

type originKey struct{}

// WithOrigin is ctx of work that was asked for from somewhere: every audit row that is
// written with it says so, also those of triggers.
func WithOrigin(ctx context.Context, where string) context.Context {
	return context.WithValue(ctx, originKey{}, where)
}

// originOf is from where the work of ctx was asked for, or "".
func originOf(ctx context.Context) string {
	where, _ := ctx.Value(originKey{}).(string)
	return where
}

// wire is what a connection of the driver can do.
type wire interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// origins makes connections that tell the database from where they are used. The
// database is told once, until somebody elsewhere uses the connection.
type origins struct{ driver.Connector }

func (o origins) Connect(ctx context.Context) (driver.Conn, error) {
	made, err := o.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	able, ok := made.(wire)
	if !ok {
		return nil, errors.Join(errors.New("the driver's connections lack something that ours need"), made.Close())
	}
	return &telling{wire: able}, nil
}

// telling is a connection that has told the database from where it is used.
type telling struct {
	wire
	told string
	inTx bool // it was told at the beginning: a rollback takes back what is told in between
}

// untold is what no work comes from: the database may have heard either.
const untold = "?"

// tell says from where the work of ctx comes. An error means that nothing was sent of
// it yet.
func (c *telling) tell(ctx context.Context) error {
	where := originOf(ctx)
	if c.inTx || where == c.told {
		return nil
	}
	c.told = untold
	_, err := c.wire.ExecContext(ctx, `SELECT set_config('hunyue.origin', $1, false)`, []driver.NamedValue{{Ordinal: 1, Value: where}})
	if err == nil {
		c.told = where
	}
	return err
}

func (c *telling) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.tell(ctx); err != nil {
		return nil, err
	}
	return c.wire.ExecContext(ctx, query, args)
}

func (c *telling) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.tell(ctx); err != nil {
		return nil, err
	}
	return c.wire.QueryContext(ctx, query, args)
}

func (c *telling) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if err := c.tell(ctx); err != nil {
		return nil, err
	}
	tx, err := c.wire.BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	c.inTx = true
	return ending{tx, c}, nil
}

// ending is a transaction after whose end another origin may be told.
type ending struct {
	driver.Tx
	of *telling
}

func (e ending) Commit() error {
	e.of.inTx = false
	return e.Tx.Commit()
}

func (e ending) Rollback() error {
	e.of.inTx = false
	return e.Tx.Rollback()
}
