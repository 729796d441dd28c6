package engines

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"

	"golang.org/x/sync/errgroup"
)

// The parts of the data folder.
const (
	postgresFolder = "postgres"
	redisFolder    = "redis"
	lockFile       = "lock"
)

// DataRoot is where the data goes if the settings, read through getenv, name no
// other folder in HUNYUE_DATA: /var/lib/hunyue for root, else a folder of the
// user's own.
func DataRoot(getenv func(string) string) string {
	if named := getenv("HUNYUE_DATA"); named != "" {
		return named
	}
	if os.Geteuid() == 0 {
		// Not below /root, which the account that Postgres runs as cannot enter.
		return "/var/lib/hunyue"
	}
	if state := getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "hunyue")
	}
	return filepath.Join(getenv("HOME"), ".local", "state", "hunyue")
}

// home is the folders of running engines, ours while the lock is held.
type home struct {
	data    string
	sockets string
	who     account
	lock    *lock
}

// moveIn takes the data folder for this process and clears away what a killed
// one left: processes first, then their sockets.
func moveIn(ctx context.Context, o Options) (*home, error) {
	data, who, err := settle(o.Data)
	if err != nil {
		return nil, err
	}
	h := &home{data: data, who: who, sockets: socketFolder(data, who)}
	if h.lock, err = lockFolder(data, h.sockets); err != nil {
		return nil, err
	}
	if err := h.clear(ctx, o); err != nil {
		return nil, errors.Join(err, h.moveOut())
	}
	return h, nil
}

// settle makes the folder, and returns its one true name and whom the engines
// have to run as.
func settle(folder string) (string, account, error) {
	who, err := accountFor(folder)
	if err != nil {
		return "", who, err
	}
	mode := fs.FileMode(0o700)
	if who.dropped {
		mode = 0o711 // the engines have to pass through
	}
	if err := os.MkdirAll(folder, mode); err != nil {
		return "", who, fmt.Errorf("data folder: %w", err)
	}
	data, err := trueName(folder)
	if err != nil {
		return "", who, fmt.Errorf("data folder: %w", err)
	}
	closed, err := who.blocked(data)
	if err != nil {
		return "", who, fmt.Errorf("data folder: %w", err)
	}
	if closed != "" {
		return "", who, fmt.Errorf("the data folder %s cannot be used: the account that the engines run as (user id %d) cannot enter %s. Name another folder with HUNYUE_DATA", data, who.uid, closed)
	}
	return data, who, nil
}

func trueName(folder string) (string, error) {
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}

func (h *home) clear(ctx context.Context, o Options) error {
	both, ctx := errgroup.WithContext(ctx)
	if o.Postgres {
		both.Go(func() error {
			return stopOrphan(ctx, h.postmasterFile(), h.postgresData(), syscall.SIGINT, syscall.SIGQUIT)
		})
	}
	if o.Redis {
		both.Go(func() error {
			return stopOrphan(ctx, h.redisPIDFile(), h.redisData(), syscall.SIGTERM, syscall.SIGKILL)
		})
	}
	if err := both.Wait(); err != nil {
		return err
	}
	return h.makeSockets()
}

// moveOut removes the sockets and gives the data folder free.
func (h *home) moveOut() error {
	return errors.Join(h.removeSockets(), h.lock.release())
}

// folder makes a folder of the engines' own inside the data folder.
func (h *home) folder(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return h.who.own(path)
}

// socketLimit is the longest path of a socket that every system takes (macOS:
// 104 bytes with the zero that ends it), less the longest of our sockets.
const socketLimit = 103 - len("/.s.PGSQL.5432")

// plain is a path that means itself in a connection string, unquoted.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./+-]+$`)

// socketFolder is where the sockets for data go: the same place at every start,
// so that nothing is left behind by one that was killed.
func socketFolder(data string, who account) string {
	name := fmt.Sprintf("hunyue-%x", sha256.Sum256([]byte(data)))[:len("hunyue-")+10]
	base := os.TempDir()
	closed, err := who.blocked(base)
	path := filepath.Join(base, name)
	if err != nil || closed != "" || len(path) > socketLimit || !plain.MatchString(path) {
		return filepath.Join("/tmp", name)
	}
	return path
}

func (h *home) makeSockets() error {
	if err := h.removeSockets(); err != nil {
		return err
	}
	// Mkdir fails on anything that a stranger put there in between.
	if err := os.Mkdir(h.sockets, 0o700); err != nil {
		return fmt.Errorf("socket folder: %w", err)
	}
	if err := h.who.own(h.sockets); err != nil {
		return fmt.Errorf("socket folder: %w", err)
	}
	return nil
}

// removeSockets removes the socket folder, if it is there and ours. In a folder
// that everybody writes to, whatever has its name may be a trap.
func (h *home) removeSockets() error {
	info, err := os.Lstat(h.sockets)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("socket folder: %w", err)
	}
	owner := ownerOf(info).uid
	if !info.IsDir() || owner != h.who.uid && owner != uint32(os.Geteuid()) {
		return fmt.Errorf("%s is not a folder of ours (its owner is user id %d): remove it, then start again", h.sockets, owner)
	}
	return os.RemoveAll(h.sockets)
}
