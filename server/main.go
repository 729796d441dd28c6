// Command hunyue is the appointment system of a marriage registry: its pages,
// its JSON API and what runs beside them.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // the offices' time zone, on machines that have none

	"github.com/alecthomas/kong"
	goredis "github.com/redis/go-redis/v9"
)

// garbage is how much the heap may grow before it is collected, in percent. The
// heap is a few megabytes, and collecting it often costs a release minute more
// than the memory is worth.
const garbage = 400

func main() {
	debug.SetGCPercent(garbage)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends us at once
	goredis.SetLogger(redisLog{newLog(os.Stderr)})
	if err := run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "hunyue:", err)
		os.Exit(1)
	}
}

// commandLine is the commands, and the settings that all of them know.
type commandLine struct {
	settings `embed:"" group:"Settings (a flag wins over HUNYUE_* of the same name)"`

	Serve    serve   `cmd:"" default:"1" help:"Run the program."`
	Migrate  migrate `cmd:"" help:"Bring the database to the newest form."`
	Demo     demo    `cmd:"" help:"Load demo data into an empty database."`
	Check    check   `cmd:"" help:"Count the rows that break an invariant; exit 1 if there is one."`
	Doctor   doctor  `cmd:"" help:"Look at what the program needs; exit 1 if something is wrong."`
	Calendar struct {
		Import calendarImport `cmd:"" help:"Put in the holidays and make-up workdays of a year."`
	} `cmd:"" help:"Days off and days worked instead."`
	Office struct {
		Put   officePut   `cmd:"" help:"Make an office, or change what is said of it."`
		Rules officeRules `cmd:"" help:"Show the rules that hold at an office, or change them from a day on."`
	} `cmd:"" help:"Registry offices."`
	User struct {
		Add     userAdd     `cmd:"" help:"Make a staff account."`
		Disable userDisable `cmd:"" help:"Shut a staff account."`
		Link    userLink    `cmd:"" help:"Make a one-time link with which somebody chooses another password."`
		Factor  userFactor  `cmd:"" name:"reset-factor" help:"Take the second factor of an account away."`
	} `cmd:"" help:"Staff accounts."`
}

// program is what every command is given.
type program struct {
	config
	stdin          io.Reader
	stdout, stderr io.Writer
}

// run is the whole program. It returns when the command has ended, or when ctx
// is done and everything that was started has stopped.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var line commandLine
	helped := false
	parser, err := kong.New(&line,
		kong.Name("hunyue"), kong.Description("The appointment system of a marriage registry."),
		kong.Writers(stdout, stderr), kong.Exit(func(int) { helped = true }),
		kong.Resolvers(fromEnvironment(environ)), kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		return fmt.Errorf("commands: %w", err)
	}
	command, err := parser.Parse(args)
	if helped {
		return nil
	}
	if err != nil {
		return err
	}
	if command.Command() == "demo" {
		line.settings.Demo = "1" // and judged like it
	}
	config, err := line.config(environ)
	if err != nil {
		return fmt.Errorf("the settings are wrong:\n%w", err)
	}
	return command.Run(&program{config: config, stdin: stdin, stdout: stdout, stderr: stderr})
}
