package engines

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// ErrInUse is the error of a start on a data folder whose engines another
// process runs. Addresses tells where those are.
var ErrInUse = errors.New("in use by another hunyue")

// Addresses is where the engines of a data folder listen that another process
// runs: for a second program that wants to work on the same data. It means
// something only after Start has reported ErrInUse.
func Addresses(data string) (databaseURL, redisURL string, err error) {
	data, err = trueName(data)
	if err != nil {
		return "", "", err
	}
	f, err := os.Open(filepath.Join(data, lockFile))
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	_, sockets, err := readNote(f)
	if err != nil {
		return "", "", err
	}
	return databaseURLAt(sockets), redisURLAt(sockets), nil
}

// lock is the right to use a data folder. The system takes it back when the
// process ends, however it ends.
type lock struct{ file *os.File }

// lockFolder takes the lock on data and notes in it who has it and where the
// sockets will be.
func lockFolder(data, sockets string) (*lock, error) {
	f, err := os.OpenFile(filepath.Join(data, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock the data folder %s: %w", data, err)
		}
		pid, _, err := readNote(f)
		if err != nil {
			return nil, fmt.Errorf("the data folder %s is %w", data, ErrInUse)
		}
		return nil, fmt.Errorf("the data folder %s is %w (process %d): stop that one, or name another folder with HUNYUE_DATA", data, ErrInUse, pid)
	}
	if err := writeNote(f, sockets); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the data folder: %w", err), f.Close())
	}
	return &lock{f}, nil
}

func writeNote(f *os.File, sockets string) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := fmt.Fprintf(f, "%d\n%s\n", os.Getpid(), sockets)
	return err
}

func readNote(f *os.File) (pid int, sockets string, err error) {
	_, err = fmt.Fscanf(bufio.NewReader(f), "%d\n%s\n", &pid, &sockets)
	return pid, sockets, err
}

func (l *lock) release() error { return l.file.Close() }
