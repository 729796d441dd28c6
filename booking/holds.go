package booking

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"hunyue/internal/clock"
)

// The figures of a hold. Redis keeps a hold for grace longer than the holder
// is told, because a confirmation that begins in time may end a little later:
// grace is more than the database's statement and lock limits together.
const (
	grace     = 5 * time.Second
	pinned    = 10 * time.Second // how long a hold lives at least once its confirmation has begun
	partition = 10 * time.Second // how long a cut-off Redis may still have granted holds
	limitFor  = time.Minute      // how long Redis cuts a quota ahead of Postgres
	endedFor  = 24 * time.Hour   // how long Redis knows how a hold has ended: as long as clients' keys
)

//go:embed lua/hunyue.lua
var library string

// Holds is what the program asks of Redis.
type Holds struct {
	Redis  goredis.UniversalClient
	Prefix string // of every key; empty outside tests
	Clock  *clock.Clock

	// Functions names the loaded library; empty means "hunyue". Tests load
	// broken variants under other names, to see that they are caught.
	Functions string
	Source    string // of the library; empty means the program's own
}

// base begins the keys of an office-day, given any id that begins with it
// ("430702-20260520-..."). The braces are the hash tag: one server has them all.
func (h *Holds) base(id string) string {
	office, rest, _ := strings.Cut(id, "-")
	day, _, _ := strings.Cut(rest, "-")
	return h.Prefix + "b:{" + office + "-" + day + "}"
}

// note is where Redis keeps what it has to remember of one hold.
func (h *Holds) note(quota, hold string) string { return h.base(quota) + ":n:" + hold }

// keys is the hash of an office-day and the holds of each quota of a family.
func (h *Holds) keys(family []string) []string {
	base := h.base(family[0])
	keys := make([]string, 0, 2+len(family)) // with room for a note
	keys = append(keys, base+":m")
	for _, quota := range family {
		keys = append(keys, base+":h:"+quota)
	}
	return keys
}

func (h *Holds) shift() int64 { return h.Clock.Shift().Milliseconds() }

// Load puts the function library into every server that may be asked. Those of
// a cluster that are away are given it by call, once they are back.
func (h *Holds) Load(ctx context.Context) error {
	cluster, ok := h.Redis.(*goredis.ClusterClient)
	if !ok {
		return h.loadInto(ctx, h.Redis)
	}
	var loaded atomic.Bool
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, c *goredis.Client) error {
		err := h.loadInto(ctx, c)
		if err == nil {
			loaded.Store(true)
		}
		return err
	})
	if loaded.Load() {
		return nil
	}
	return err
}

func (h *Holds) loadInto(ctx context.Context, server goredis.Cmdable) error {
	source := h.Source
	if source == "" {
		source = library
	}
	if h.Functions != "" {
		source = strings.ReplaceAll(source, "hunyue_", h.Functions+"_")
		source = strings.Replace(source, "name=hunyue", "name="+h.Functions, 1)
	}
	if err := server.FunctionLoadReplace(ctx, source).Err(); err != nil {
		return fmt.Errorf("load redis functions: %w", err)
	}
	return nil
}

// server is the one that decides about key.
func (h *Holds) server(ctx context.Context, key string) (goredis.Cmdable, error) {
	cluster, ok := h.Redis.(*goredis.ClusterClient)
	if !ok {
		return h.Redis, nil
	}
	server, err := cluster.MasterForKey(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("redis of a key: %w", err)
	}
	return server, nil
}

// loadFor loads the library where key is, whatever the other servers do.
func (h *Holds) loadFor(ctx context.Context, key string) error {
	server, err := h.server(ctx, key)
	if err != nil {
		return err
	}
	return h.loadInto(ctx, server)
}

// call runs one of our functions. A server that has lost the library, or never
// had it, is given it and asked again.
func (h *Holds) call(ctx context.Context, name string, keys []string, args ...any) (any, error) {
	library := h.Functions
	if library == "" {
		library = "hunyue"
	}
	answer, err := h.Redis.FCall(ctx, library+"_"+name, keys, args...).Result()
	if err != nil && strings.Contains(err.Error(), "Function not found") {
		if err := h.loadFor(ctx, keys[0]); err != nil {
			return nil, err
		}
		answer, err = h.Redis.FCall(ctx, library+"_"+name, keys, args...).Result()
	}
	if err != nil {
		return nil, fmt.Errorf("redis %s: %w", name, err)
	}
	return answer, nil
}

// verdict is what hold and extend answer.
type verdict struct {
	word       string // as the function says it
	number     int64  // ends_at, opens_at or ms to wait
	how        string // of ended: C, R or X
	epoch      int
	generation string
}

var errAnswer = errors.New("redis gave an answer that is not ours")

func verdictOf(answer any) (verdict, error) {
	parts, ok := answer.([]any)
	if !ok || len(parts) == 0 {
		return verdict{}, errAnswer
	}
	var v verdict
	if v.word, ok = parts[0].(string); !ok {
		return verdict{}, errAnswer
	}
	if len(parts) > 1 {
		v.number, _ = parts[1].(int64)
		v.how, _ = parts[1].(string)
	}
	if len(parts) == 4 {
		epoch, _ := parts[2].(int64)
		v.epoch = int(epoch)
		v.generation, _ = parts[3].(string)
	}
	return v, nil
}

// hold asks for one place in the family, or, under the name extend, for more
// time with it. A hold is new if its id was made for this request.
func (h *Holds) hold(ctx context.Context, name string, family []string, hold string, isNew bool, ttl time.Duration) (verdict, error) {
	mark := "0"
	if isNew {
		mark = "1"
	}
	answer, err := h.call(ctx, name, append(h.keys(family), h.note(family[0], hold)),
		h.shift(), hold, ttl.Milliseconds(), grace.Milliseconds(), mark)
	if err != nil {
		return verdict{}, err
	}
	return verdictOf(answer)
}

// pin keeps a hold alive while Postgres decides: present, gone or lost.
func (h *Holds) pin(ctx context.Context, family []string, g grant) (string, error) {
	answer, err := h.call(ctx, "pin", h.keys(family), h.shift(), g.Hold.String(), pinned.Milliseconds(), g.Generation, g.Ends)
	word, _ := answer.(string)
	return word, err
}

// release ends a hold as Postgres has it (C, R or X), with the figures that
// Postgres gave.
func (h *Holds) release(ctx context.Context, family []string, hold, how string, lines []string) error {
	_, err := h.call(ctx, "release", append(h.keys(family), h.note(family[0], hold)),
		append([]any{hold, how, endedFor.Milliseconds()}, anys(lines)...)...)
	return err
}

// Settle tells Redis what Postgres counts. Lines may come late, twice and in
// any order.
func (h *Holds) Settle(ctx context.Context, lines []string) error {
	days := map[string][]any{}
	for _, line := range lines {
		key := h.base(line) + ":m"
		days[key] = append(days[key], line)
	}
	for key, of := range days {
		if _, err := h.call(ctx, "settle", []string{key}, of...); err != nil {
			return err
		}
	}
	return nil
}

// first notes what a client's key is for, and returns what it was for first.
func (h *Holds) first(ctx context.Context, key []byte, slot string) (string, error) {
	before, err := h.Redis.SetArgs(ctx, fmt.Sprintf("%sk:%x", h.Prefix, key), slot, goredis.SetArgs{Mode: "NX", Get: true, TTL: endedFor}).Result()
	if errors.Is(err, goredis.Nil) {
		return slot, nil
	}
	if err != nil {
		return "", fmt.Errorf("redis key: %w", err)
	}
	return before, nil
}

// lock keeps a person to one hold for as long as it lasts; false means another
// hold has them.
func (h *Holds) lock(ctx context.Context, person []byte, hold string, ttl time.Duration) (bool, error) {
	answer, err := h.call(ctx, "lock", []string{h.person(person)}, hold, (ttl + grace).Milliseconds())
	return answer == "ok", err
}

// unlock frees a person whom this hold has locked.
func (h *Holds) unlock(ctx context.Context, person []byte, hold string) error {
	_, err := h.call(ctx, "unlock", []string{h.person(person)}, hold)
	return err
}

func (h *Holds) person(person []byte) string { return fmt.Sprintf("%sp:%x", h.Prefix, person) }

func anys(lines []string) []any {
	out := make([]any, len(lines))
	for i, line := range lines {
		out[i] = line
	}
	return out
}

// rebuild fills an office-day and reports whether Redis had not known it.
func (h *Holds) rebuild(ctx context.Context, lines []string, quarantine, life time.Duration) (bool, error) {
	args := append([]any{h.shift(), quarantine.Milliseconds(), max(life, time.Hour).Milliseconds()}, anys(lines)...)
	answer, err := h.call(ctx, "rebuild", []string{h.base(lines[0]) + ":m"}, args...)
	return answer == "rebuilt", err
}

// compare says whether Redis knows the office-day of lines, from this life, and
// which of them it has otherwise or not at all.
func (h *Holds) compare(ctx context.Context, lines []string) (known bool, differ []string, err error) {
	key, fields := h.base(lines[0])+":m", []string{"rid"}
	for _, line := range lines {
		id, _, _ := strings.Cut(line, " ")
		fields = append(fields, id)
	}
	have, err := h.Redis.HMGet(ctx, key, fields...).Result()
	if err != nil {
		return false, nil, fmt.Errorf("compare with redis: %w", err)
	}
	for i, line := range lines {
		if text, _ := have[i+1].(string); fields[i+1]+" "+text != line {
			differ = append(differ, line)
		}
	}
	rid, found := have[0].(string)
	if !found {
		return false, differ, nil
	}
	known, err = h.lives(ctx, key, rid)
	return known, differ, err
}

// lives reports whether the server that decides about key is the one with this
// run id. Another one that took over, or the same started again, may have lost
// acknowledged holds.
func (h *Holds) lives(ctx context.Context, key, rid string) (bool, error) {
	server, err := h.server(ctx, key)
	if err != nil {
		return false, err
	}
	info, err := server.Info(ctx, "server").Result()
	if err != nil {
		return false, fmt.Errorf("compare with redis: %w", err)
	}
	return strings.Contains(info, "run_id:"+rid+"\r\n"), nil
}

// limit cuts a quota ahead of Postgres, for limitFor, and returns how many
// places can be sold at the least: live holds keep theirs unless hard. It is
// -1 where Redis does not know the quota.
func (h *Holds) limit(ctx context.Context, quota string, places int, hard bool) (int, error) {
	flag := "0"
	if hard {
		flag = "1"
	}
	answer, err := h.call(ctx, "limit", h.keys([]string{quota}), h.shift(), quota, places, limitFor.Milliseconds(), flag)
	floor, _ := answer.(int64)
	return int(floor), err
}

// lift takes a limit back.
func (h *Holds) lift(ctx context.Context, quota string) error {
	_, err := h.call(ctx, "lift", []string{h.base(quota) + ":m"}, quota)
	return err
}

// count is how many holds of each quota are alive. All quotas are of one
// office-day.
func (h *Holds) count(ctx context.Context, quotas []string) ([]int, error) {
	answer, err := h.call(ctx, "count", h.keys(quotas)[1:], h.shift())
	if err != nil {
		return nil, err
	}
	parts, ok := answer.([]any)
	if !ok || len(parts) != len(quotas) {
		return nil, errAnswer
	}
	counts := make([]int, len(parts))
	for i, part := range parts {
		n, _ := part.(int64)
		counts[i] = int(n)
	}
	return counts, nil
}
