package engines

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is whom the engines run as: Postgres refuses to run as root.
type account struct {
	uid, gid uint32
	dropped  bool // not the account that this process runs as
}

// accountFor is our own account, unless that is root. Then it is the owner of
// the data that the folder already holds, or else postgres, or else nobody.
func accountFor(data string) (account, error) {
	if uid := os.Geteuid(); uid != 0 {
		return account{uid: uint32(uid), gid: uint32(os.Getegid())}, nil
	}
	for _, name := range []string{postgresFolder, redisFolder} {
		info, err := os.Stat(filepath.Join(data, name))
		if err != nil {
			continue // nothing there yet
		}
		if owner := ownerOf(info); owner.uid != 0 {
			return owner, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			return accountOf(u)
		}
	}
	return account{}, errors.New("run this as another user than root: the engines refuse to run as root, and this machine has neither an account postgres nor nobody for them")
}

func ownerOf(info os.FileInfo) account {
	s := info.Sys().(*syscall.Stat_t) // what every Unix returns
	return account{uid: s.Uid, gid: s.Gid, dropped: true}
}

func accountOf(u *user.User) (account, error) {
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("account %s: %w", u.Username, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("account %s: %w", u.Username, err)
	}
	return account{uid: uint32(uid), gid: uint32(gid), dropped: true}, nil
}

// credential is what a child needs to run as a.
func (a account) credential() *syscall.Credential {
	if !a.dropped {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid, Groups: []uint32{}}
}

// own gives a the folder, for itself alone.
func (a account) own(folder string) error {
	if !a.dropped {
		return nil
	}
	return os.Lchown(folder, int(a.uid), int(a.gid))
}

// blocked is the first folder on the way down to path that a may not pass
// through, or "".
func (a account) blocked(path string) (string, error) {
	if !a.dropped {
		return "", nil // we shall see for ourselves
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if up := filepath.Dir(path); up != path {
		if folder, err := a.blocked(up); folder != "" || err != nil {
			return folder, err
		}
	}
	owner, pass := ownerOf(info), info.Mode().Perm()&0o001
	switch {
	case owner.uid == a.uid:
		pass = info.Mode().Perm() & 0o100
	case owner.gid == a.gid:
		pass = info.Mode().Perm() & 0o010
	}
	if pass == 0 {
		return path, nil
	}
	return "", nil
}
