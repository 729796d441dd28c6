package engines

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The oldest versions that have what we rely on.
const (
	oldestPostgres = 15
	oldestRedis    = 7
)

// programs is where the engines' programs are.
type programs struct {
	postgres string // the folder that holds postgres and initdb
	redis    string // redis-server or valkey-server
}

// find looks for the programs that o needs. If any is missing it reports all of
// them, with the command that installs them.
func find(ctx context.Context, o Options) (programs, error) {
	var found programs
	var missing []need
	if o.Postgres {
		major, err := clusterVersion(o.Data)
		if err != nil {
			return found, err
		}
		if found.postgres = findPostgres(ctx, major); found.postgres == "" {
			missing = append(missing, need{engine: "PostgreSQL", oldest: oldestPostgres, exactly: major})
		}
	}
	if o.Redis {
		if found.redis = findRedis(ctx); found.redis == "" {
			missing = append(missing, need{engine: "Redis", oldest: oldestRedis})
		}
	}
	if ctx.Err() != nil {
		return found, context.Cause(ctx) // nobody was asked to the end
	}
	if len(missing) > 0 {
		return found, notInstalled(missing)
	}
	return found, nil
}

// clusterVersion is the major version of Postgres that made the data, which
// none other can read; zero if there is no data yet.
func clusterVersion(data string) (int, error) {
	content, err := os.ReadFile(filepath.Join(data, postgresFolder, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("version of the database: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0, fmt.Errorf("version of the database: %w", err)
	}
	return major, nil
}

// findPostgres prefers what is on the PATH, then the newest. Debian, for one,
// puts no server on the PATH.
func findPostgres(ctx context.Context, major int) string {
	var folders []string
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(real))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
		"/usr/pgsql-*/bin",                                   // Red Hat, packages of the Postgres project
		"/usr/libexec/postgresql*",                           // Alpine
		"/opt/homebrew/opt/postgresql@*/bin",                 // Homebrew on Apple silicon
		"/usr/local/opt/postgresql@*/bin",                    // Homebrew on Intel
		"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",    // Homebrew on Linux
		"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
	} {
		folders = append(folders, newestFirst(pattern)...)
	}
	for _, folder := range folders {
		if _, err := exec.LookPath(filepath.Join(folder, "initdb")); err != nil {
			continue
		}
		v := version(ctx, filepath.Join(folder, "postgres"), `\(PostgreSQL\) (\d+)`)
		if v == major || major == 0 && v >= oldestPostgres {
			return folder
		}
	}
	return ""
}

func findRedis(ctx context.Context) string {
	for _, name := range []string{
		"redis-server", "valkey-server",
		"/usr/local/bin/redis-server", "/opt/homebrew/bin/redis-server",
		"/usr/local/bin/valkey-server", "/opt/homebrew/bin/valkey-server",
	} {
		path, err := exec.LookPath(name)
		if err == nil && version(ctx, path, `v=(\d+)`) >= oldestRedis {
			return path
		}
	}
	return ""
}

// version is the major version that program says it has, or zero.
func version(ctx context.Context, program, pattern string) int {
	said, err := exec.CommandContext(ctx, program, "--version").Output()
	if err != nil {
		return 0
	}
	number := regexp.MustCompile(pattern).FindSubmatch(said)
	if number == nil {
		return 0
	}
	major, _ := strconv.Atoi(string(number[1])) // zero is no version
	return major
}

// newestFirst is the paths that match pattern, the highest number first.
func newestFirst(pattern string) []string {
	paths, _ := filepath.Glob(pattern) // fails only for a bad pattern
	digits := regexp.MustCompile(`\d+`)
	number := func(path string) int {
		n, _ := strconv.Atoi(digits.FindString(path))
		return n
	}
	slices.SortStableFunc(paths, func(a, b string) int { return cmp.Compare(number(b), number(a)) })
	return paths
}
