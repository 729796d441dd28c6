package engines

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const database = "hunyue"

// databaseURLAt is the database behind the sockets, all that lib/pq would
// otherwise take from the environment being named.
func databaseURLAt(sockets string) string {
	return fmt.Sprintf("host=%s port=5432 user=hunyue dbname=%s sslmode=disable", sockets, database)
}

func (h *home) postgresData() string   { return filepath.Join(h.data, postgresFolder) }
func (h *home) postmasterFile() string { return filepath.Join(h.postgresData(), "postmaster.pid") }

// startPostgres makes the database if there is none, and starts its server.
func startPostgres(ctx context.Context, h *home, bin string, fast bool, log io.Writer) (*child, error) {
	if _, err := os.Stat(h.postgresData()); errors.Is(err, fs.ErrNotExist) {
		if err := createCluster(ctx, h, bin, fast); err != nil {
			return nil, fmt.Errorf("create the database: %w", err)
		}
	} else if err != nil {
		return nil, err
	}
	args := append([]string{"-D", h.postgresData(), "-k", h.sockets, "-p", "5432"}, settings(fast)...)
	c, err := start(ctx, h.who, log, filepath.Join(bin, "postgres"), args...)
	if err != nil {
		return nil, err
	}
	return c, c.until(ctx, func() bool { return h.accepting(c.pid()) })
}

// settings are given on the command line, where no file can undo them. The
// first three are promises of the reservation protocol: what was acknowledged
// is on the disk.
func settings(fast bool) []string {
	durable := onOff(!fast)
	pairs := []string{
		"synchronous_commit=on",
		"fsync=" + durable,
		"full_page_writes=" + durable,
		"max_connections=200",
		"shared_buffers=128MB",
		"jit=off",           // statements are short: compiling one takes longer than running it
		"listen_addresses=", // sockets only
		"unix_socket_permissions=0700",
		"timezone=UTC",
		// What goes wrong in a statement is the program's to report, and the
		// statement and its details would put names into the log.
		"log_min_messages=log",
		"log_min_error_statement=panic",
		"log_error_verbosity=terse",
		"log_checkpoints=off",
		"log_line_prefix=%m postgres[%p] ",
	}
	args := make([]string, 0, 2*len(pairs))
	for _, p := range pairs {
		args = append(args, "-c", p)
	}
	return args
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// accepting reports whether the server with this process number is open for
// connections; it says so in the eighth line of its pid file.
func (h *home) accepting(pid int) bool {
	content, err := os.ReadFile(h.postmasterFile())
	if err != nil {
		return false
	}
	line := strings.Split(string(content), "\n")
	return len(line) > 7 && line[0] == strconv.Itoa(pid) && strings.TrimSpace(line[7]) == "ready"
}

// createCluster makes the server's files in a folder beside their place and
// moves them there when they are whole, so that a start that is cut short
// leaves nothing that looks like a database.
func createCluster(ctx context.Context, h *home, bin string, fast bool) error {
	unfinished := filepath.Join(h.data, "new-*")
	folder, err := os.MkdirTemp(h.data, "new-*")
	if err != nil {
		return err
	}
	if err := h.who.own(folder); err != nil {
		return err
	}
	if err := fillCluster(ctx, h, bin, folder, fast); err != nil {
		return errors.Join(err, os.RemoveAll(folder))
	}
	if err := os.Rename(folder, h.postgresData()); err != nil {
		return err
	}
	if err := syncFolder(h.data); err != nil {
		return err
	}
	return removeAll(unfinished)
}

func fillCluster(ctx context.Context, h *home, bin, folder string, fast bool) error {
	run := func(input, program string, args ...string) error {
		c, err := startWith(ctx, h.who, io.Discard, strings.NewReader(input), filepath.Join(bin, program), args...)
		if err != nil {
			return err
		}
		return c.finish(ctx)
	}
	// Local connections need no password: only we can reach the socket.
	initdb := append([]string{
		"--pgdata=" + folder, "--username=hunyue", "--encoding=UTF8",
		"--auth-local=trust", "--auth-host=scram-sha-256", "--data-checksums", "--no-sync", "--no-instructions",
	}, localeFlags()...)
	if err := run("", "initdb", initdb...); err != nil {
		return err
	}
	// The server by itself, with nobody connected, reads statements from its input.
	if err := run("CREATE DATABASE "+database, "postgres", "--single", "-F", "-j", "-D", folder, "-c", "log_checkpoints=off", "template1"); err != nil {
		return err
	}
	if fast {
		return nil
	}
	return run("", "initdb", "--pgdata="+folder, "--sync-only")
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func removeAll(pattern string) error {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	for _, p := range paths {
		if err := os.RemoveAll(p); err != nil {
			return err
		}
	}
	return nil
}
