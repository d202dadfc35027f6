package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// connect makes one handshake over a pipe, exchanges a byte so that the client
// gets its ticket, and reports whether the server resumed a session.
func connect(t *testing.T, server, client *tls.Config) (resumed bool) {
	t.Helper()
	clientEnd, serverEnd := net.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() {
		defer func() { _ = serverEnd.Close() }()
		conn := tls.Server(serverEnd, server)
		if err := conn.Handshake(); err != nil {
			t.Errorf("server: %v", err)
			return
		}
		resumed = conn.ConnectionState().DidResume
		_, _ = conn.Write([]byte("x"))
	})
	conn := tls.Client(clientEnd, client)
	var b [1]byte
	if _, err := conn.Read(b[:]); err != nil {
		t.Errorf("client: %v", err)
	}
	_ = clientEnd.Close()
	wg.Wait()
	return resumed
}

func serverConfig(t *testing.T, version uint16) (server, client *tls.Config) {
	t.Helper()
	pair, err := LoadCertificate("testdata/ec.crt", "testdata/ec.key", nil)
	if err != nil {
		t.Fatal(err)
	}
	server = &tls.Config{Certificates: []tls.Certificate{*pair}, MinVersion: version, MaxVersion: version}
	client = &tls.Config{InsecureSkipVerify: true, ServerName: "ec.example", ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	return server, client
}

func TestSessions(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	const timeout = 5 * time.Minute
	var here, there SessionContext
	there[0] = 1
	tests := []struct {
		name     string
		sessions func() *Sessions
		second   func(*Sessions) // change before the second connection
		want     bool
	}{
		{"tickets", func() *Sessions { return &Sessions{Tickets: true, Keys: NewTicketKeys(timeout, now)} }, nil, true},
		{"tickets, other context", func() *Sessions { return &Sessions{Tickets: true, Keys: NewTicketKeys(timeout, now)} }, func(s *Sessions) { s.Context = there }, false},
		{"tickets, other keys", func() *Sessions { return &Sessions{Tickets: true, Keys: NewTicketKeys(timeout, now)} }, func(s *Sessions) { s.Keys = NewTicketKeys(timeout, now) }, false},
		{"tickets, timed out", func() *Sessions { return &Sessions{Tickets: true, Keys: NewTicketKeys(timeout, now)} }, func(*Sessions) { now = now.Add(timeout + time.Second) }, false},
		{"tickets, rotated once", func() *Sessions { return &Sessions{Tickets: true, Keys: NewTicketKeys(timeout, now.Add(-timeout/2))} }, func(s *Sessions) {
			now = now.Add(timeout * 3 / 4)
			s.Keys.rotate(now)
		}, true},
		{"cache", func() *Sessions { return &Sessions{Cache: NewSharedCache(minZone)} }, nil, true},
		{"builtin cache", func() *Sessions { return &Sessions{Cache: NewBuiltinCache(1)} }, nil, true},
		{"cache, other context", func() *Sessions { return &Sessions{Cache: NewSharedCache(minZone)} }, func(s *Sessions) { s.Context = there }, false},
		{"cache, timed out", func() *Sessions { return &Sessions{Cache: NewSharedCache(minZone)} }, func(*Sessions) { now = now.Add(timeout) }, false},
		{"cache lost", func() *Sessions { return &Sessions{Cache: NewSharedCache(minZone)} }, func(s *Sessions) { s.Cache = NewSharedCache(minZone) }, false},
		{"neither", func() *Sessions { return &Sessions{} }, nil, false},
	}
	for _, tt := range tests {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(tt.name+" "+ProtocolName(version), func(t *testing.T) {
				server, client := serverConfig(t, version)
				s := tt.sessions()
				s.Context, s.Timeout, s.Now = here, timeout, clock
				s.Apply(server)
				if connect(t, server, client) {
					t.Fatal("the first connection was resumed")
				}
				if tt.second != nil {
					tt.second(s)
				}
				// A client of TLS 1.2 has its session in a ticket or nowhere.
				want := tt.want && (s.Tickets || version == tls.VersionTLS13)
				if got := connect(t, server, client); got != want {
					t.Errorf("resumed: %v, want %v", got, want)
				}
			})
		}
	}
}

// TestTicketsFrom13: with tickets off and a cache, only TLS 1.3 has tickets,
// whatever versions the two sides could speak.
func TestTicketsFrom13(t *testing.T) {
	for _, c := range []struct {
		name           string
		server, client uint16 // the newest that each speaks
		want           bool
	}{
		{"both new", tls.VersionTLS13, tls.VersionTLS13, true},
		{"no bound", 0, tls.VersionTLS13, true},
		{"old client", tls.VersionTLS13, tls.VersionTLS12, false},
		{"old server", tls.VersionTLS12, tls.VersionTLS13, false},
	} {
		server, client := serverConfig(t, 0)
		server.MaxVersion, client.MaxVersion = c.server, c.client
		(&Sessions{Cache: NewSharedCache(minZone), Timeout: time.Hour}).Apply(server)
		connect(t, server, client)
		_, got := client.ClientSessionCache.Get(client.ServerName)
		if resumed := connect(t, server, client); got != c.want || resumed != c.want {
			t.Errorf("%s: ticket %v, resumed %v", c.name, got, resumed)
		}
	}
}

func TestSessionCacheBounds(t *testing.T) {
	now := testNow
	put := func(c *SessionCache, n byte, size int) {
		c.store(sessionID{n}, make([]byte, size), now, now.Add(time.Minute))
	}
	c := NewSharedCache(10 * (100 + sessionOverhead))
	for n := range byte(15) {
		put(c, n, 100)
	}
	if c.Len() != 10 || c.lookup(sessionID{4}, now) != nil || c.lookup(sessionID{5}, now) == nil {
		t.Errorf("%d sessions: the oldest did not go first", c.Len())
	}
	put(c, 99, 1<<20)
	if c.lookup(sessionID{99}, now) != nil {
		t.Error("stored a session larger than the zone")
	}
	c = NewBuiltinCache(3)
	for n := range byte(5) {
		put(c, n, 10)
	}
	if c.Len() != 3 {
		t.Errorf("%d sessions, want 3", c.Len())
	}
	now = now.Add(time.Minute)
	put(c, 9, 10)
	if c.Len() != 1 {
		t.Errorf("%d sessions, want 1 once the others expired", c.Len())
	}
	megabyte := NewSharedCache(1 << 20)
	for n := range 8000 {
		megabyte.store(sessionID{byte(n), byte(n >> 8)}, make([]byte, 160), now, now.Add(time.Minute))
	}
	if n := megabyte.Len(); n < 3900 || n > 4200 {
		t.Errorf("a megabyte holds %d sessions, want about 4000", n)
	}
}

func TestParseSessionCache(t *testing.T) {
	tests := []struct {
		args string
		want SessionCacheSpec
		err  string
	}{
		{"off", SessionCacheSpec{Off: true}, ""},
		{"none", SessionCacheSpec{}, ""},
		{"builtin", SessionCacheSpec{Builtin: DefaultBuiltin}, ""},
		{"builtin:1000 shared:SSL:10m", SessionCacheSpec{Builtin: 1000, Zone: "SSL", ZoneSize: 10 << 20}, ""},
		{"shared:a:32k", SessionCacheSpec{Zone: "a", ZoneSize: 32768}, ""},
		{"shared:a:1k", SessionCacheSpec{}, `session cache "shared:a:1k" is too small`},
		{"shared:a", SessionCacheSpec{}, `invalid session cache "shared:a"`},
		{"shared::1m", SessionCacheSpec{}, `invalid session cache "shared::1m"`},
		{"shared:a:1x", SessionCacheSpec{}, `invalid session cache "shared:a:1x"`},
		{"builtin:x", SessionCacheSpec{}, `invalid session cache "builtin:x"`},
		{"foo", SessionCacheSpec{}, `invalid session cache "foo"`},
	}
	for _, tt := range tests {
		got, err := ParseSessionCache(strings.Fields(tt.args))
		if tt.err != "" {
			if err == nil || err.Error() != tt.err {
				t.Errorf("%s: %v, want %s", tt.args, err, tt.err)
			}
			continue
		}
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v", tt.args, got, err)
		}
	}
}

func TestLoadTicketKeys(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, size int) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(strings.Repeat(name[len(name)-1:], size)), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	old, new80 := file("a", 48), file("b", 80)
	sessions := func(names ...string) *Sessions {
		keys, err := LoadTicketKeys(readFile, names)
		if err != nil {
			t.Fatal(err)
		}
		return &Sessions{Tickets: true, Keys: keys, Timeout: time.Hour}
	}
	server, client := serverConfig(t, tls.VersionTLS13)
	sessions(old).Apply(server)
	connect(t, server, client)
	sessions(new80, old).Apply(server)
	if !connect(t, server, client) {
		t.Error("the old key no longer decrypts")
	}
	sessions(file("c", 48)).Apply(server)
	if connect(t, server, client) {
		t.Error("a ticket of another key was accepted")
	}
	for name, want := range map[string]string{
		file("d", 47):             `"` + dir + `/d" must be 48 or 80 bytes`,
		"/nonexistent/ticket.key": `open() "/nonexistent/ticket.key" failed (2: No such file or directory)`,
	} {
		if _, err := LoadTicketKeys(readFile, []string{name}); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestSessionContext(t *testing.T) {
	a := issue(t, certSpec{cn: "a", ca: true}).cert
	pair := []tls.Certificate{{Certificate: [][]byte{a.Raw}}}
	seen := map[SessionContext]string{}
	for name, c := range map[string]SessionContext{
		"http":   NewSessionContext("HTTP", pair, nil, nil),
		"stream": NewSessionContext("STREAM", pair, nil, nil),
		"names":  NewSessionContext("HTTP", nil, []string{"$x"}, nil),
		"ca":     NewSessionContext("HTTP", pair, nil, []*x509.Certificate{a}),
	} {
		if other, ok := seen[c]; ok {
			t.Errorf("%s and %s have one context", name, other)
		}
		seen[c] = name
	}
	if again := NewSessionContext("HTTP", pair, nil, nil); seen[again] != "http" {
		t.Error("not stable")
	}
}
