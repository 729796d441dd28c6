package slots

import (
	"context"
	"sync"
	"time"
)

// memory keeps values for rememberFor. While one caller loads a value anew, all
// others go on with the old one, so that a crowd never waits for a query.
type memory[V any] struct {
	firsts  sync.Mutex // held by whoever loads what has not been asked for before
	mu      sync.Mutex
	entries map[string]*entry[V]
}

type entry[V any] struct {
	loading  sync.Mutex // held by whoever loads
	mu       sync.Mutex
	value    V
	loadedAt time.Time // zero: never
}

// get is the value of the key, at most rememberFor old or being loaded anew.
func (m *memory[V]) get(ctx context.Context, key string, now time.Time, load func(context.Context) (V, error)) (V, error) {
	e := m.entry(key)
	if e == nil {
		return m.first(ctx, key, now, load)
	}
	value, fresh := e.read(now)
	if fresh || !e.loading.TryLock() {
		return value, nil
	}
	defer e.loading.Unlock()
	return e.load(ctx, now, load)
}

func (m *memory[V]) entry(key string) *entry[V] {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entries[key]
}

// first loads a value that has not been asked for. The crowd waits here for one
// query. A key becomes an entry only once it has a value, so that ids that do not
// exist leave nothing behind.
func (m *memory[V]) first(ctx context.Context, key string, now time.Time, load func(context.Context) (V, error)) (V, error) {
	m.firsts.Lock()
	defer m.firsts.Unlock()
	if e := m.entry(key); e != nil {
		value, _ := e.read(now)
		return value, nil
	}
	e := &entry[V]{}
	value, err := e.load(ctx, now, load)
	if err != nil {
		return value, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries == nil {
		m.entries = map[string]*entry[V]{}
	}
	m.entries[key] = e
	return value, nil
}

// forget makes the next caller load the value.
func (m *memory[V]) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, key)
}

func (e *entry[V]) read(now time.Time) (V, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	age := now.Sub(e.loadedAt)
	return e.value, age >= 0 && age < rememberFor // negative where the clock was set back
}

func (e *entry[V]) load(ctx context.Context, now time.Time, load func(context.Context) (V, error)) (V, error) {
	value, err := load(ctx)
	if err != nil {
		return value, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.value, e.loadedAt = value, now
	return value, nil
}
