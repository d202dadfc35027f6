package acme

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestHooks: hooks are called by those who serve, once there is a configuration; what was added is removed, in this order,
// and a hook that fails, crashes or does not return fails alone.
func TestHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, worker := NewTable(), NewTable()
		master.Follow(func() {})
		hook := func(domain string) Hook {
			return Hook{Issuer: "ca", Challenge: DNS01, Domain: domain, Token: "t", Auth: "a"}
		}
		names := []string{"good", "bad", "crash", "slow"}
		var removes []func()
		var list []Hook
		for _, n := range names {
			remove, err := master.AnswerHook(hook(n))
			if err != nil {
				t.Fatal(err)
			}
			removes, list = append(removes, remove), append(list, hook(n))
		}
		pass := func() uint64 {
			t.Helper()
			state, err := worker.TakeChallenges(master.Challenges())
			if err != nil {
				t.Fatal(err)
			}
			return state
		}
		state := pass()
		pass() // twice is once
		var mu sync.Mutex
		var called []string
		time.Sleep(time.Second)
		worker.SetHooks(func(action string, h Hook) error {
			switch h.Domain {
			case "bad":
				return errors.New("no")
			case "crash":
				panic("crash")
			case "slow":
				time.Sleep(time.Hour)
			}
			mu.Lock()
			defer mu.Unlock()
			called = append(called, action+" "+h.Domain)
			return nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		failed := worker.Hooked(ctx)
		want := []uint64{hook("bad").mark(), hook("crash").mark(), hook("slow").mark()}
		slices.Sort(failed)
		slices.Sort(want)
		if !slices.Equal(failed, want) {
			t.Errorf("%d have failed", len(failed))
		}
		master.Confirm(state, failed)
		if err := master.Served(t.Context(), list[:1]); err != nil {
			t.Error(err)
		}
		if master.Served(t.Context(), list[1:2]) == nil {
			t.Error("a failure was not told")
		}
		for _, remove := range removes {
			remove()
		}
		pass()
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if want := []string{"add good", "remove good", "add slow", "remove slow"}; !slices.Equal(called, want) {
			t.Errorf("%q, want %q", called, want)
		}
		if failed := worker.Hooked(t.Context()); len(failed) != 0 {
			t.Errorf("%d are left", len(failed))
		}
	})
}
