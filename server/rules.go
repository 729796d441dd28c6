package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/jmoiron/sqlx"

	"hunyue/internal/clock"
	"hunyue/internal/date"
	"hunyue/internal/fault"
	"hunyue/slots"
)

type officeRules struct {
	ID   string `arg:"" help:"The division code of the office."`
	On   string `help:"The rules of this day are shown; of today at the office if left out." placeholder:"DATE"`
	Set  string `help:"A file with the rules to change, as a JSON object; - is the standard input." placeholder:"FILE"`
	From string `help:"They hold from this day on, until a later version begins; from tomorrow at the office if left out." placeholder:"DATE"`
	Note string `help:"Where they come from, such as the number of the decision. Needed to change any."`
}

var (
	errOnlyWithSet = errors.New("--from and --note belong to rules that change: name a file with --set")
	errNotWithSet  = errors.New("--on is for looking: rules that change hold from the day --from on")
)

// Run shows the rules that hold at an office, or changes some of them.
func (o *officeRules) Run(ctx context.Context, p *program) error {
	switch {
	case o.Set == "" && (o.From != "" || o.Note != ""):
		return errOnlyWithSet
	case o.Set != "" && o.On != "":
		return errNotWithSet
	}
	changes, err := o.read(p.stdin)
	if err != nil {
		return err
	}
	return p.withDatabase(ctx, func(db *sqlx.DB) error {
		store := &slots.Store{DB: db, Clock: &clock.Clock{}}
		office, err := store.Office(ctx, o.ID)
		if err != nil {
			return explained(err)
		}
		today := date.DateOf(store.Clock.Now().In(office.Location))
		if o.Set == "" {
			return explained(o.show(ctx, store, today, p.stdout))
		}
		return explained(o.change(ctx, store, today.AddDays(1), changes, p.stdout))
	})
}

func (o *officeRules) read(stdin io.Reader) ([]byte, error) {
	switch o.Set {
	case "":
		return nil, nil
	case "-":
		return io.ReadAll(stdin)
	}
	return os.ReadFile(o.Set)
}

// show prints the values as --set reads them. They come last because they may
// be long, and wide where they are Chinese.
func (o *officeRules) show(ctx context.Context, store *slots.Store, today date.Date, to io.Writer) error {
	on, err := dayOr(today, "on", o.On)
	if err != nil {
		return err
	}
	rules, err := store.Rules(ctx, o.ID, on)
	if err != nil {
		return err
	}
	values, err := valuesOf(rules)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(to, "The rules of the office %s on %s:\n", o.ID, on); err != nil {
		return err
	}
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "name\tdomain rule\tvalue") //nolint:errcheck // Flush reports it
	sources := slots.RuleSources()
	for _, name := range bySource(sources) {
		fmt.Fprintf(table, "%s\t%s\t%s\n", name, sources[name], values[name]) //nolint:errcheck // Flush reports it
	}
	return table.Flush()
}

// change stores what holds from a day on with the changes on top of it.
func (o *officeRules) change(ctx context.Context, store *slots.Store, tomorrow date.Date, changes []byte, to io.Writer) error {
	from, err := dayOr(tomorrow, "from", o.From)
	if err != nil {
		return err
	}
	old, err := store.Rules(ctx, o.ID, from)
	if err != nil {
		return err
	}
	rules, err := old.With(changes)
	if err != nil {
		return err
	}
	if err := store.SetRules(ctx, o.ID, from, rules, o.Note, byHand); err != nil {
		return err
	}
	before, err := valuesOf(old)
	if err != nil {
		return err
	}
	after, err := valuesOf(rules)
	if err != nil {
		return err
	}
	maps.DeleteFunc(after, func(name, value string) bool { return before[name] == value })
	if _, err := fmt.Fprintf(to, "The rules of the office %s from %s on are in. Rules that changed: %d\n", o.ID, from, len(after)); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, err := fmt.Fprintf(to, "%s: %s, was %s\n", name, after[name], before[name]); err != nil {
			return err
		}
	}
	return nil
}

// dayOr is the day that was typed, or the other one where none was.
func dayOr(other date.Date, field, typed string) (date.Date, error) {
	if typed == "" {
		return other, nil
	}
	day, err := date.ParseDate(typed)
	if err != nil {
		return other, fault.InFields(map[string]string{field: "date"})
	}
	return day, nil
}

// valuesOf is each rule as JSON, by its name.
func valuesOf(r slots.Rules) (map[string]string, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write rules: %w", err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	values := map[string]string{}
	for name, value := range raw {
		values[name] = string(value)
	}
	return values, nil
}

// bySource is the names of rules in the order of the domain rules, which brings
// together what belongs together.
func bySource(sources map[string]string) []string {
	number := func(name string) int {
		n, _ := strconv.Atoi(sources[name]) // 0 puts what is none first
		return n
	}
	return slices.SortedFunc(maps.Keys(sources), func(a, b string) int {
		return cmp.Or(cmp.Compare(number(a), number(b)), cmp.Compare(a, b))
	})
}
