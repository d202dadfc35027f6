package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// options are what the flags say.
type options struct {
	seed     uint64
	configs  int
	requests int
	limit    time.Duration
	workers  int
	table    string
	out      string
}

func main() {
	o := options{}
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().Unix()), "the first seed; the others follow")
	flag.IntVar(&o.configs, "configs", 1<<30, "how many configurations")
	flag.IntVar(&o.requests, "requests", 50, "requests for each of them")
	flag.DurationVar(&o.limit, "time", 10*time.Minute, "how long, at most")
	flag.IntVar(&o.workers, "j", 2, "how many configurations at once")
	flag.StringVar(&o.table, "table", "integration/fuzz/differences.md", "the differences that are known")
	flag.StringVar(&o.out, "o", "", "a folder for the archives of what differs")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), o.limit)
	defer cancel()
	kinds, err := o.run(ctx)
	if err != nil {
		fmt.Fprintf(os.Stderr, "fuzz: %v\n", err)
	}
	if err != nil || kinds > 0 {
		os.Exit(1)
	}
}

// run plays seeds and prints each kind of difference once. It returns how many there were.
func (o *options) run(ctx context.Context) (int, error) {
	lab, err := harness.NewLab(context.Background())
	if err != nil {
		return 0, err
	}
	defer func() { _ = lab.Close() }() // only files that are left
	p, err := newPlayer(lab, o.table)
	if err != nil {
		return 0, err
	}
	fmt.Printf("nginx %s against %s (level %s), seeds from %d\n", lab.OracleVersion, lab.Tested, lab.TestedVersion, o.seed)
	s := &session{options: o, player: p, seen: map[string]int{}, once: map[string]int{}}
	var wait sync.WaitGroup
	for range o.workers {
		wait.Go(func() { s.work(ctx) })
	}
	wait.Wait()
	fmt.Printf("%d configurations, %d of them refused, %d requests, %d kinds of differences\n",
		s.done.Load(), s.refusals.Load(), s.sent.Load(), len(s.seen))
	for _, kind := range slices.Sorted(maps.Keys(s.seen)) {
		fmt.Printf("%6d  %s\n", s.seen[kind], kind)
	}
	for _, kind := range slices.Sorted(maps.Keys(s.once)) {
		fmt.Printf("%6d  %s\n", s.once[kind], kind)
	}
	return len(s.seen), errors.Join(s.errs...)
}

// newPlayer reads the table and leaves out what is of no concern to this nginx.
func newPlayer(lab *harness.Lab, table string) (*player, error) {
	known, err := harness.ReadDifferences(table)
	if err != nil {
		return nil, err
	}
	known.Since(lab.OracleVersion)
	return &player{lab: lab, known: known}, nil
}

// session is what the workers of one run share.
type session struct {
	*options
	player                     *player
	next, done, sent, refusals atomic.Int64

	mu   sync.Mutex
	seen map[string]int // how often each kind of difference was found
	once map[string]int // what was not there when the seed was played again, or could not be compared
	errs []error
}

func (s *session) work(ctx context.Context) {
	for {
		i := s.next.Add(1) - 1
		if i >= int64(s.configs) || ctx.Err() != nil {
			return
		}
		s.seedOf(ctx, s.seed+uint64(i))
	}
}

// seedOf plays one seed.
func (s *session) seedOf(ctx context.Context, seed uint64) {
	t := newTrial(seed, s.requests)
	found, fleeting, err := s.player.steady(ctx, t)
	if ctx.Err() != nil {
		return
	}
	s.done.Add(1)
	if t.refused {
		s.refusals.Add(1)
	} else {
		s.sent.Add(int64(len(t.requests)))
	}
	s.mu.Lock()
	for _, d := range fleeting {
		s.once[d.kind+" (not when played again)"]++
	}
	switch {
	case err != nil && s.player.standsStill(t, err):
		s.once[fmt.Sprintf("seed %d: nginx does not stop, and is not compared", seed)]++
	case err != nil:
		s.errs = append(s.errs, fmt.Errorf("seed %d: %w", seed, err))
	}
	s.mu.Unlock()
	for _, d := range found {
		s.mu.Lock()
		s.seen[d.kind]++
		first := s.seen[d.kind] == 1
		s.mu.Unlock()
		if first {
			s.report(ctx, seed, t, d)
		}
	}
}

// report prints a difference, made small.
func (s *session) report(ctx context.Context, seed uint64, t *trial, d difference) {
	small, shown := s.player.minimise(ctx, t, d)
	text := small.archive()
	_, conf, _ := strings.Cut(text, world)
	if head, rest, ok := strings.Cut(conf, "    log_format "); ok { // it is always the same, and long
		_, rest, _ = strings.Cut(rest, "\n")
		conf = head + rest
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Printf("\n=== seed %d: %s\n(- nginx, + the server under test)\n  %s\n%s", seed, d.kind, strings.Join(shown.lines, "\n  "), conf)
	if s.out == "" {
		return
	}
	path := filepath.Join(s.out, fmt.Sprintf("%d-%d.txtar", seed, len(s.seen)))
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.errs = append(s.errs, err)
	}
}
