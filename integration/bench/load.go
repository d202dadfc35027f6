package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/internal/testport"
)

// load does a task for a time, at a port, and returns how often.
func (t *task) load(ctx context.Context, port int, length time.Duration) (int, error) {
	if t.echo {
		return echo(ctx, testport.Addr(port), t.path, length)
	}
	args := t.args
	if t.body > 0 {
		script, err := postScript(t.body)
		if err != nil {
			return 0, err
		}
		defer func() { _ = os.Remove(script) }()
		args = append([]string{"-s", script}, args...)
	}
	scheme := "http"
	if t.tls {
		scheme = "https"
	}
	return ask(ctx, fmt.Sprintf("%s://%s%s", scheme, testport.Addr(port), t.path), length, args)
}

// postScript writes a file that has wrk send a body of n bytes.
func postScript(n int) (string, error) {
	f, err := os.CreateTemp("", "post-*.lua")
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintf(f, "wrk.method = \"POST\"\nwrk.body = string.rep(\"x\", %d)\n", n)
	return f.Name(), errors.Join(err, f.Close())
}

var (
	done   = regexp.MustCompile(`(\d+) requests in`)
	failed = regexp.MustCompile(`Socket errors: connect [1-9].*|Non-2xx.*`)
)

// ask has wrk ask for url for a time and returns how many answers came.
func ask(ctx context.Context, url string, length time.Duration, args []string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, length+10*time.Second)
	defer cancel()
	args = append([]string{"-c", otherCPU, "wrk", "-t1", "-c64", fmt.Sprintf("-d%ds", int(length.Seconds()))}, append(args, url)...)
	out, err := exec.CommandContext(ctx, "taskset", args...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("wrk: %w: %s", err, out)
	}
	m := done.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("wrk gave no result: %s", out)
	}
	if bad := failed.Find(out); bad != nil {
		return 0, errors.New(string(bad))
	}
	n, err := strconv.Atoi(string(m[1]))
	if n == 0 && err == nil {
		err = errors.New("no request was answered")
	}
	return n, err
}

// echo sends messages over 64 upgraded connections for a time, each when the one before has come back, and returns how many
// came back.
func echo(ctx context.Context, addr, path string, length time.Duration) (int, error) {
	const connections = 64
	end := time.Now().Add(length)
	var came atomic.Int64
	var wait sync.WaitGroup
	errs := make([]error, connections)
	for i := range connections {
		wait.Go(func() { errs[i] = echoes(ctx, addr, path, end, &came) })
	}
	wait.Wait()
	return int(came.Load()), errors.Join(errs...)
}

// echoes is echo for one connection.
func echoes(ctx context.Context, addr, path string, end time.Time, came *atomic.Int64) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(end.Add(10 * time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n", path); err != nil {
		return err
	}
	in := bufio.NewReader(c)
	answer, err := http.ReadResponse(in, nil)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		return errors.New(answer.Status)
	}
	message := strings.Repeat("x", 64)
	back := make([]byte, len(message))
	for time.Now().Before(end) && ctx.Err() == nil {
		if _, err := io.WriteString(c, message); err != nil {
			return err
		}
		if _, err := io.ReadFull(in, back); err != nil {
			return err
		}
		came.Add(1)
	}
	return nil
}
