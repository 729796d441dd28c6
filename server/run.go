package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"hunyue/internal/engines"
)

// drain is how long requests that have begun may go on when we stop.
const drain = 10 * time.Second

type serve struct{}

// Run is the program: it starts what is missing, serves until ctx is done or an
// engine dies, and stops everything in the opposite order: requests, jobs,
// connections, engines.
func (serve) Run(ctx context.Context, p *program) (err error) {
	log, written := newLateLog(p.stderr)
	defer written()
	at, running, err := p.start(ctx, true, true)
	if err != nil {
		return err
	}
	if running != nil {
		defer func() { err = errors.Join(err, running.Stop()) }()
	}
	if err := p.dataFolder(); err != nil {
		return err
	}
	parts, err := assemble(ctx, p.config, at, log)
	defer parts.close()
	if err != nil {
		return err
	}
	if err := parts.prepare(ctx, p.config); err != nil {
		return err
	}
	if err := p.work(ctx, parts, running); err != nil || p.RedisURL != "" {
		return err
	}
	return park(context.WithoutCancel(ctx), parts, running)
}

// park ends our own Redis, which puts everything on disk, and only then notes
// that nothing can have been lost.
func park(ctx context.Context, parts *parts, running *engines.Engines) error {
	if err := running.StopRedis(); err != nil {
		return err
	}
	return parts.offices.Park(ctx)
}

// prepare sees to what has to be in the database before anybody asks.
func (p *parts) prepare(ctx context.Context, c config) error {
	if c.Demo {
		return p.demo.load(ctx)
	}
	if public(c.BaseURL) {
		if err := p.demo.absent(ctx); err != nil {
			return err
		}
	}
	var err error
	if p.setup, err = p.accounts.SetupLink(ctx); err != nil {
		return err
	}
	return p.offices.KnownCalendars(ctx, "system")
}

// work serves and does what runs beside. The jobs go on until the last request
// has ended, so that what requests leave behind is still seen to.
func (p *program) work(ctx context.Context, parts *parts, running *engines.Engines) error {
	servers, err := p.listen(ctx, parts.surface(p.config))
	if err != nil {
		return err
	}
	beside, stopBeside := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBeside()
	requests, ctx := errgroup.WithContext(ctx)
	requests.Go(func() error { return mind(ctx, running) })
	for _, s := range servers {
		requests.Go(func() error { return s.serve(ctx) })
	}
	var all errgroup.Group
	all.Go(func() error { return parts.worker.Run(beside) })
	all.Go(func() error {
		return newRunner(parts.log, parts.watched.registry).run(beside, parts.duties(p.config))
	})
	all.Go(func() error {
		defer stopBeside()
		return requests.Wait()
	})
	return all.Wait()
}

// mind fails when a private engine has died: without it there is nothing to
// serve, and whoever started us starts both again.
func mind(ctx context.Context, running *engines.Engines) error {
	if running == nil {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-running.Done():
		return running.Err()
	}
}

// server is an HTTP server with the address that it listens on.
type server struct {
	*http.Server
	listener net.Listener
}

// listen opens the addresses and says where they are.
func (p *program) listen(ctx context.Context, s *surface) ([]server, error) {
	front, err := s.echo()
	if err != nil {
		return nil, err
	}
	public, err := listenOn(ctx, p.Addr, front)
	if err != nil {
		return nil, err
	}
	public.RegisterOnShutdown(s.pages.EndStreams)
	all := []server{public}
	if p.MetricsAddr != "" {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", s.observer.metrics())
		metrics, err := listenOn(ctx, p.MetricsAddr, mux)
		if err != nil {
			return nil, errors.Join(err, public.listener.Close())
		}
		all = append(all, metrics)
	}
	return all, p.announce(p.stdout, cmp.Or(p.BaseURL, localAddress(public.listener)), s.setup)
}

func listenOn(ctx context.Context, address string, h http.Handler) (server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return server{}, fmt.Errorf("listen on %s: %w", address, err)
	}
	return server{newServer(h), listener}, nil
}

// serve serves until ctx is done, then lets open requests end.
func (s server) serve(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(s.listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests were still open after %s: %w", drain, err), s.Close())
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// localAddress is where a browser on this machine finds the listener.
func localAddress(l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// announce says where everything is, and in demo mode how to sign in. Setup is
// the token with which the first account is made, where there is none.
func (p *program) announce(to io.Writer, at, setup string) error {
	said := fmt.Sprintf("Hunyue is at %s\n  API: %s/api/docs\n", at, at)
	if p.Demo {
		var names []string
		for _, u := range demoStaff() {
			names = append(names, u.Username)
		}
		said += fmt.Sprintf("  Messages sent: %s/dev/messages\n  Couples to receive today: %s/dev/couples\n  Demo staff: %s\n  Their password: %s\n", at, at, strings.Join(names, ", "), demoPassword)
	}
	if setup != "" {
		said += fmt.Sprintf("  There are no accounts yet. Make the first at this link, once and within 24 hours:\n  %s\n", linkAt(at, setup))
	}
	_, err := io.WriteString(to, said+"Stop with Ctrl-C.\n")
	return err
}
