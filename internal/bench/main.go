// Command bench measures the program beside floors: the least that any server
// with the same engines would do. Both run on this machine, in turn, five times
// each; what counts is the ratio of the medians.
//
//	go run ./internal/testenv/with go run ./internal/bench
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"hunyue/internal/postgres"
	"hunyue/internal/redis"
)

func main() {
	binary := flag.String("program", "bin/hunyue", "the program to measure")
	only := flag.String("only", "", "measure only the cases whose names begin so")
	isFloor := flag.Bool("floor", false, "be a floor; only the bench itself says so")
	flag.Parse()
	if *isFloor {
		if err := serveFloor(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, "floor:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(context.Background(), *binary, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, binary, only string) error {
	database, cache := os.Getenv("HUNYUE_TEST_DATABASE_URL"), os.Getenv("HUNYUE_TEST_REDIS_URL")
	if database == "" || cache == "" {
		return errors.New("no engines: run it with go run ./internal/testenv/with")
	}
	database, err := ownDatabase(ctx, database)
	if err != nil {
		return err
	}
	stop, address, err := start(ctx, binary, database, cache)
	if err != nil {
		return err
	}
	defer stop()

	db, err := postgres.Open(ctx, database)
	if err != nil {
		return err
	}
	defer db.Close()
	client, err := redis.Open(ctx, cache)
	if err != nil {
		return err
	}
	defer client.Close()
	b := &bench{program: address, db: db, redis: client, database: database, cache: cache, http: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: clients, MaxConnsPerHost: clients},
		Timeout:   10 * time.Second,
	}}
	return b.run(ctx, only)
}

// ownDatabase makes an empty database beside the tests' own.
func ownDatabase(ctx context.Context, server string) (string, error) {
	db, err := postgres.Open(ctx, server)
	if err != nil {
		return "", err
	}
	defer db.Close()
	for _, statement := range []string{`DROP DATABASE IF EXISTS hunyue_bench WITH (FORCE)`, `CREATE DATABASE hunyue_bench`} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return "", err
		}
	}
	words := strings.Fields(server)
	for i, word := range words {
		if strings.HasPrefix(word, "dbname=") {
			words[i] = "dbname=hunyue_bench"
		}
	}
	return strings.Join(words, " "), nil
}

// start runs the program on a free port until stop is called.
func start(ctx context.Context, binary, database, cache string) (stop func(), address string, err error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	address = "http://" + free.Addr().String()
	free.Close()
	data, err := os.MkdirTemp("", "hunyue-bench-")
	if err != nil {
		return nil, "", err
	}
	log, err := os.Create(data + "/log")
	if err != nil {
		return nil, "", err
	}
	program := exec.CommandContext(ctx, binary, "serve")
	program.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "HUNYUE_") }),
		"HUNYUE_ADDR="+strings.TrimPrefix(address, "http://"), "HUNYUE_DATABASE_URL="+database, "HUNYUE_REDIS_URL="+cache,
		"HUNYUE_DATA="+data, "HUNYUE_DEMO=1", "HUNYUE_LIMITS=off")
	program.Stdout, program.Stderr = log, log
	if err := program.Start(); err != nil {
		return nil, "", err
	}
	stop = func() {
		program.Process.Signal(syscall.SIGTERM)
		program.Wait()
		os.RemoveAll(data)
	}
	for range 1200 { // a minute: the machine may have other work
		if res, err := http.Get(address + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return stop, address, nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	said, _ := os.ReadFile(data + "/log")
	stop()
	return nil, "", fmt.Errorf("the program did not start:\n%s", said)
}
