package front_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/front/fronttest"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// records keeps the lines of an error log.
type records struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *records) WriteRecord(_ errlog.Level, rec []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Write(rec)
}

func (l *records) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *records) logger() *errlog.Logger {
	return errlog.New(errlog.Config{Outputs: []errlog.Output{{Sink: l, Threshold: errlog.Threshold{Level: errlog.Info}, File: true}}})
}

// served is a configuration of one endpoint at one address, in memory.
type served struct {
	config
	key string
	end front.Endpoint
}

func (c *served) Sockets() []netaddr.ListenSpec { return nil }

func (c *served) Endpoint(key string, _ front.Socket) front.Endpoint {
	if key != c.key {
		return nil
	}
	return c.end
}

// step is what a client or its server does at a time since the connection was made.
type step struct {
	at time.Duration
	do func(c *fronttest.Client, in *front.Instance)
}

func sends(text string) func(*fronttest.Client, *front.Instance) {
	return func(c *fronttest.Client, _ *front.Instance) { c.Send(text) }
}

func quits(_ *fronttest.Client, in *front.Instance) { go in.Quit() }

// TestOpeningTimes: all that comes before the protocol has one time, however it comes, and a server that quits waits for
// it for QuitGrace.
func TestOpeningTimes(t *testing.T) {
	const header = "PROXY TCP4 192.0.2.9 192.0.2.8 1 2\r\n"
	var drip []step
	for i := range len(header) {
		drip = append(drip, step{time.Duration(i) * time.Second, sends(header[i : i+1])})
	}
	for _, tc := range []struct {
		name    string
		steps   []step
		ends    time.Duration
		answers string
		logs    string
	}{
		{name: "silent", ends: 10 * time.Second, logs: "client timed out (110: Connection timed out) while reading PROXY protocol"},
		{name: "a byte a second", steps: drip[:15], ends: 10 * time.Second, logs: "client timed out"},
		{name: "in two parts", steps: []step{{4 * time.Second, sends(header[:9])}, {9 * time.Second, sends(header[9:] + "hello\n")}, {
			11 * time.Second, func(c *fronttest.Client, _ *front.Instance) { _ = c.CloseWrite() },
		}}, ends: 11 * time.Second, answers: "192.0.2.9 SAYS HELLO\n"},
		{name: "no header", steps: []step{{2 * time.Second, sends("GET / HTTP/1.0\r\n\r\n")}}, ends: 2 * time.Second, logs: `broken header: "GET / HTTP/1.0`},
		{name: "closed", steps: []step{{3 * time.Second, func(c *fronttest.Client, _ *front.Instance) { _ = c.CloseWrite() }}}, ends: 3 * time.Second, logs: "client closed connection"},
		{name: "quit", steps: []step{{0, sends(header[:20])}, {3 * time.Second, quits}}, ends: 3*time.Second + front.QuitGrace},
		{name: "quit late", steps: []step{{9800 * time.Millisecond, quits}}, ends: 10 * time.Second},
		{name: "quit, and the header comes", steps: []step{{3 * time.Second, quits}, {3300 * time.Millisecond, sends(header)}, {
			3400 * time.Millisecond, sends("hello\n"),
		}}, ends: 3400 * time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fronttest.Bubble(t, &front.Stats{}, func(t *testing.T, n *fronttest.Network, in *front.Instance) {
				log := &records{}
				in.SetLog(log.logger())
				in.Use(&served{key: "a", end: &upper{opening: front.Opening{
					ProxyProtocol: true, Timeout: 10 * time.Second, SendTimeout: time.Second, Log: log.logger(),
				}}}, nil)
				began := time.Now()
				c := n.Dial(in, "a")
				var client sync.WaitGroup
				defer client.Wait()
				client.Go(func() {
					for _, s := range tc.steps {
						time.Sleep(s.at - time.Since(began))
						s.do(c, in)
					}
				})
				answer, err := io.ReadAll(c)
				if took := time.Since(began); took != tc.ends || string(answer) != tc.answers || err != nil && !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("ended after %v with %q, %v", took, answer, err)
				}
				synctest.Wait()
				if !strings.Contains(log.String(), tc.logs) || tc.logs == "" && strings.Contains(log.String(), "[error]") {
					t.Errorf("logged %q", log)
				}
				if tc.logs != "" && !strings.Contains(log.String(), "client: 192.0.2.7, server: 192.0.2.1:80") {
					t.Errorf("logged %q", log)
				}
			})
		})
	}
}

// idler is a protocol whose connections park for a minute, and close when they are resumed.
type idler struct {
	opening front.Opening
	upper

	mu     sync.Mutex
	began  time.Time
	events []string
}

func (p *idler) Opening() *front.Opening { return &p.opening }

func (p *idler) Server(*front.Conn) func(*front.Conn) { return p.serve }

func (p *idler) serve(c *front.Conn) {
	c.RefreshParked()
	if !c.Park(time.Minute, func(_ *netio.Conn, why netio.Event) { p.resumed(c, why) }) {
		c.Close()
	}
}

func (p *idler) resumed(c *front.Conn, why netio.Event) {
	switch why {
	case netio.Recalled:
		changed := c.RefreshParked()
		p.note(c, fmt.Sprintf("recalled changed %t retired %t unfit %t", changed, c.Retired(), c.Unfit()))
		if !c.Retired() && !c.Unfit() && c.ParkAgain() {
			return
		}
	case netio.Evicted:
		c.Evict()
	}
	if why != netio.Recalled {
		p.note(c, why.String())
	}
	c.Close()
}

func (p *idler) note(c *front.Conn, what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, fmt.Sprintf("%v #%d %s", time.Since(p.began), c.Client.ID, what))
}

func (p *idler) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.events, "\n")
}

func newIdler() *idler {
	return &idler{began: time.Now(), opening: front.Opening{Timeout: time.Minute, SendTimeout: time.Minute, Log: errlog.New(errlog.Config{})}}
}

// TestParked: what ends the wait of a parked connection, and when.
func TestParked(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(c *fronttest.Client, in *front.Instance, p *idler)
		want string
	}{
		{"silent", func(*fronttest.Client, *front.Instance, *idler) {}, "1m0s #1 expired"},
		{"bytes", func(c *fronttest.Client, _ *front.Instance, _ *idler) { c.Send("x") }, "10s #1 readable"},
		{"the end", func(c *fronttest.Client, _ *front.Instance, _ *idler) { _ = c.Close() }, "10s #1 readable"},
		{"quit", func(_ *fronttest.Client, in *front.Instance, _ *idler) { in.Quit() }, "10s #1 drained"},
		{"pause", func(_ *fronttest.Client, in *front.Instance, _ *idler) { in.Pause(); in.Resume() }, "10s #1 drained"},
		{"another configuration", func(_ *fronttest.Client, in *front.Instance, p *idler) {
			in.Use(&served{key: "a", end: p}, nil)
		}, "10s #1 recalled changed true retired false unfit false\n1m0s #1 expired"},
		{"one without the address", func(_ *fronttest.Client, in *front.Instance, p *idler) {
			in.Use(&served{key: "b", end: p}, nil)
		}, "10s #1 recalled changed false retired true unfit false"},
		{"one with a PROXY header", func(_ *fronttest.Client, in *front.Instance, _ *idler) {
			next := newIdler()
			next.opening.ProxyProtocol = true
			in.Use(&served{key: "a", end: next}, nil)
		}, "10s #1 recalled changed true retired false unfit true"},
		{"one with TLS", func(_ *fronttest.Client, in *front.Instance, _ *idler) {
			next := newIdler()
			next.opening.TLS = front.HandshakeConfig(nil)
			in.Use(&served{key: "a", end: next}, nil)
		}, "10s #1 recalled changed true retired false unfit true"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			stats := &front.Stats{}
			fronttest.Bubble(t, stats, func(t *testing.T, n *fronttest.Network, in *front.Instance) {
				p := newIdler()
				in.Use(&served{key: "a", end: p}, nil)
				c := n.Dial(in, "a")
				time.Sleep(10 * time.Second)
				tc.do(c, in, p)
				time.Sleep(time.Minute)
				if got := p.log(); got != tc.want {
					t.Errorf("got %q, want %q", got, tc.want)
				}
				if left := stats.Connections(); left != 0 {
					t.Errorf("%d connections are left", left)
				}
			})
		})
	}
}

// ends returns a channel that gets the time at which each client's connection ends.
func ends(clients ...net.Conn) <-chan string {
	began := time.Now()
	out := make(chan string, len(clients))
	for i, c := range clients {
		go func() {
			_, _ = io.ReadAll(c)
			out <- fmt.Sprintf("%v client %d", time.Since(began), i)
		}()
	}
	return out
}

// TestEviction: when worker_connections are nearly used up, those connections are closed that have waited for longest,
// whether they are parked or wait for a PROXY header.
func TestEviction(t *testing.T) {
	fronttest.Bubble(t, &front.Stats{}, func(t *testing.T, n *fronttest.Network, in *front.Instance) {
		log := &records{}
		in.SetLog(log.logger())
		in.SetConnectionLimit(16)
		silent := &upper{opening: front.Opening{ProxyProtocol: true, Timeout: time.Hour, SendTimeout: time.Hour, Log: log.logger()}}
		parks := newIdler()
		in.Use(both{silent, parks}, nil)
		began := time.Now()
		var mu sync.Mutex
		var order []string
		kinds := "spspssssssssssspspsp" // silent, parks
		var clients []net.Conn
		for i, kind := range kinds {
			c := n.Dial(in, string(kind))
			clients = append(clients, c)
			go func() {
				_, err := io.ReadAll(c)
				mu.Lock()
				defer mu.Unlock()
				if at := time.Since(began); err == nil && at < time.Minute {
					order = append(order, fmt.Sprintf("%v:%d", at, i+1))
				}
			}()
			time.Sleep(time.Second)
		}
		mu.Lock()
		defer mu.Unlock()
		// The 16th connection takes the last place but one, and so on: each time one is closed, the oldest.
		if got, want := strings.Join(order, " "), "15s:1 16s:2 17s:3 18s:4 19s:5"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got := strings.Count(log.String(), "16 worker_connections are not enough, reusing connections"); got != 5 {
			t.Errorf("%d warnings: %s", got, log)
		}
		for _, c := range clients {
			_ = c.Close()
		}
	})
}

// both is a configuration of two addresses.
type both struct {
	silent *upper
	parks  *idler
}

func (both) Sockets() []netaddr.ListenSpec { return nil }

func (b both) Endpoint(key string, _ front.Socket) front.Endpoint {
	if key == "p" {
		return b.parks
	}
	return b.silent
}

func (both) Begin()     {}
func (both) Hold() bool { return true }
func (both) Release()   {}
func (both) Retire()    {}
func (both) Close()     {}

// TestNoPlaces: where no connection waits that could be closed, the one beyond worker_connections is.
func TestNoPlaces(t *testing.T) {
	stats := &front.Stats{}
	fronttest.Bubble(t, stats, func(t *testing.T, n *fronttest.Network, in *front.Instance) {
		log := &records{}
		in.SetLog(log.logger())
		in.SetConnectionLimit(2)
		in.Use(&served{key: "a", end: &upper{opening: front.Opening{Timeout: time.Second, SendTimeout: time.Second, Log: log.logger()}}}, nil)
		first, second, third := n.Dial(in, "a"), n.Dial(in, "a"), n.Dial(in, "a")
		ended := ends(first, second, third)
		if got := <-ended; got != "0s client 2" {
			t.Error(got)
		}
		if !strings.Contains(log.String(), "2 worker_connections are not enough") || stats.Accepted.Load() != 3 || stats.Handled.Load() != 2 {
			t.Errorf("%d accepted, %d handled, logged %q", stats.Accepted.Load(), stats.Handled.Load(), log)
		}
		time.Sleep(time.Second)
		_ = first.CloseWrite()
		if got := <-ended; got != "1s client 0" {
			t.Error(got)
		}
		synctest.Wait()
		fourth := n.Dial(in, "a")
		fourth.Send("x\n")
		synctest.Wait()
		if got := fourth.Received(); got != "X\n" {
			t.Errorf("%q", got)
		}
		_, _ = second.CloseWrite(), fourth.CloseWrite()
	})
}

// TestServeConn: what connections are refused that no socket was listened on for.
func TestServeConn(t *testing.T) {
	secure := &upper{opening: front.Opening{TLS: front.HandshakeConfig(nil), Timeout: time.Second, SendTimeout: time.Second, Log: errlog.New(errlog.Config{})}}
	for _, tc := range []struct {
		name string
		key  string
		do   func(in *front.Instance)
		want error
	}{
		{"no configuration", "a", func(*front.Instance) {}, front.ErrNotListening},
		{"no address", "b", func(in *front.Instance) { in.Use(&served{key: "a", end: newIdler()}, nil) }, front.ErrNotListening},
		{"the server quits", "a", func(in *front.Instance) { in.Use(&served{key: "a", end: newIdler()}, nil); in.Pause() }, front.ErrNotListening},
		{"TLS", "a", func(in *front.Instance) { in.Use(&served{key: "a", end: secure}, nil) }, front.ErrNoSocket},
	} {
		t.Run(tc.name, func(t *testing.T) {
			stats := &front.Stats{}
			fronttest.Bubble(t, stats, func(t *testing.T, n *fronttest.Network, in *front.Instance) {
				in.SetLog(errlog.New(errlog.Config{}))
				tc.do(in)
				client, server := n.Pair(netaddr.Addr{}, netaddr.Addr{})
				if err := in.ServeConn(tc.key, server); err != tc.want {
					t.Errorf("%v, want %v", err, tc.want)
				}
				if _, err := client.Read(make([]byte, 1)); err != io.EOF || stats.Accepted.Load() != 0 {
					t.Errorf("%v, %d accepted", err, stats.Accepted.Load())
				}
			})
		})
	}
}
