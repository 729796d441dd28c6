// With runs a command beside a real Postgres and Redis that end with it:
//
//	go run ./internal/testenv/with go test ./booking
//
// The command finds them by the variables that package testenv reads. If both
// are set already, it runs on those. With exits as the command does.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"hunyue/internal/engines"
	"hunyue/internal/testenv"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: with COMMAND [ARGUMENT...]")
		os.Exit(2)
	}
	status, err := run(exec.Command(os.Args[1], os.Args[2:]...))
	if err != nil {
		fmt.Fprintln(os.Stderr, "with:", err)
		status = cmp.Or(status, 1)
	}
	os.Exit(status)
}

// run runs the command with servers and returns its exit status.
func run(command *exec.Cmd) (status int, err error) {
	if os.Getenv(testenv.DatabaseURL) != "" && os.Getenv(testenv.RedisURL) != "" {
		return wait(command)
	}
	data, err := os.MkdirTemp("", "hunyue-with-*")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	if err := os.Chmod(data, 0o711); err != nil { // the engines may run as another user
		return 0, err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	e, err := engines.Start(ctx, engines.Options{Data: data, Postgres: true, Redis: true, Fast: true})
	if err != nil {
		return 0, err
	}
	command.Env = append(os.Environ(), testenv.DatabaseURL+"="+e.DatabaseURL, testenv.RedisURL+"="+e.RedisURL)
	status, err = wait(command)
	return status, errors.Join(err, e.Err(), e.Stop())
}

// wait runs the command and returns its exit status. A Ctrl-C reaches the
// command from the terminal; a SIGTERM it is told of. Either way it is the
// command that decides when to end.
func wait(command *exec.Cmd) (status int, err error) {
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := command.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for {
		select {
		case err = <-ended:
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				return max(exit.ExitCode(), 1), nil // -1 stands for killed
			}
			return 0, err
		case s := <-signals:
			if s == syscall.SIGTERM {
				_ = command.Process.Signal(s) // fails only if the command has just ended
			}
		}
	}
}
