package engines

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"time"
)

func redisSocket(sockets string) string { return filepath.Join(sockets, "redis.sock") }

func redisURLAt(sockets string) string {
	u := url.URL{Scheme: "unix", Path: redisSocket(sockets), RawQuery: "db=0"}
	return u.String()
}

func (h *home) redisData() string    { return filepath.Join(h.data, redisFolder) }
func (h *home) redisPIDFile() string { return filepath.Join(h.redisData(), "redis.pid") }

func startRedis(ctx context.Context, h *home, program string, log io.Writer) (*child, error) {
	if err := h.folder(h.redisData()); err != nil {
		return nil, fmt.Errorf("data folder of Redis: %w", err)
	}
	socket := redisSocket(h.sockets)
	c, err := start(ctx, h.who, log, program,
		"--port", "0", "--unixsocket", socket, "--unixsocketperm", "700",
		"--dir", h.redisData(), "--pidfile", h.redisPIDFile(), "--set-proc-title", "no",
		"--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
		"--maxmemory-policy", "noeviction", // evicting would be forgetting a hold in silence
		"--daemonize", "no", "--loglevel", "warning")
	if err != nil {
		return nil, err
	}
	return c, c.until(ctx, func() bool { return answers(ctx, socket) })
}

// answers asks for a PONG; a Redis that is still reading its data says -LOADING.
func answers(ctx context.Context, socket string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return false
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if _, err := io.WriteString(conn, "PING\r\n"); err != nil {
		return false
	}
	answer := make([]byte, 16)
	n, err := conn.Read(answer)
	return err == nil && bytes.HasPrefix(answer[:n], []byte("+PONG"))
}
