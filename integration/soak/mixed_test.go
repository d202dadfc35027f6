package soak

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// mixedLocations are what TestMixed asks: a prefix, and what is different there.
const mixedLocations = `
    proxy_cache_path cache levels=1:2 keys_zone=responses:1m max_size=4m inactive=2s use_temp_path=off;
    proxy_cache_path slices keys_zone=slices:1m max_size=8m;
    fastcgi_cache_path pages keys_zone=pages:64k max_size=2m inactive=1s;
    map $request_method $purge { PURGE 1; default 0; }
    upstream http { zone http 256k; server HTTP; keepalive 8; }
    upstream pages { server FASTCGI; keepalive 8; }
    server {
        listen ADDR;
        location / { return 200 "generation GENERATION\n"; }
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_buffers BUFFERS;
        location /plain/ { proxy_pass http://http; }
        location /through/ { proxy_pass http://http; proxy_buffering off; proxy_request_buffering off; }
        location /cached/ {
            proxy_pass http://http;
            proxy_cache responses; proxy_cache_key $request_uri; proxy_cache_valid 1s; proxy_cache_purge $purge;
            proxy_cache_lock on; proxy_cache_revalidate on; proxy_cache_background_update on;
            proxy_cache_use_stale updating error timeout http_500;
        }
        location /sliced/ {
            slice 16k;
            proxy_pass http://http; proxy_set_header Range $slice_range;
            proxy_cache slices; proxy_cache_key $request_uri$slice_range; proxy_cache_valid 206 1s;
        }
        fastcgi_param REQUEST_METHOD $request_method;
        fastcgi_param REQUEST_URI $request_uri;
        fastcgi_param CONTENT_LENGTH $content_length;
        fastcgi_param SERVER_PROTOCOL $server_protocol;
        fastcgi_param HTTP_HOST mixed;
        fastcgi_keep_conn on;
        location /page/ { fastcgi_pass pages; }
        location /pagecached/ {
            fastcgi_pass pages;
            fastcgi_cache pages; fastcgi_cache_key $request_uri; fastcgi_cache_valid 1s; fastcgi_cache_lock on;
            fastcgi_cache_background_update on; fastcgi_cache_use_stale updating error;
        }
    }
`

// mixedSite serves mixedLocations in front of the two peers.
func mixedSite(t *testing.T, peers *mixedPeers) *site {
	t.Helper()
	s := newSite(t, ports, false)
	start, _, _ := strings.Cut(s.text, "http {")
	s.text = start + "http {\n    include temp-paths.conf;\n" + strings.NewReplacer("HTTP;", peers.http+";", "FASTCGI;", peers.fastcgi+";",
		"ADDR", s.addr).Replace(mixedLocations) + "}\n"
	s.text = strings.ReplaceAll(s.text, "BUFFERS", "8 4k")
	s.configure()
	s.install(binaries.Tested)
	return s
}

// mixedLeast is how many whole responses TestMixed waits for, however long they take, mixedMost how long it does so at most.
const (
	mixedLeast = 100
	mixedMost  = 5 * time.Minute
)

// TestMixed: whatever clients, peers, caches and reloads do at the same time, each response has the bytes of its own URI, all
// of one version, in their place.
func TestMixed(t *testing.T) {
	lasts := 5 * time.Second
	if sizeOf().full {
		lasts = time.Minute
	}
	for _, seed := range seeds(t)[:1] {
		peers := newMixedPeers(t, seed)
		s := mixedSite(t, peers)
		pid := s.start()
		now := time.Now()
		load := &mixedLoad{addr: s.addr, end: now.Add(lasts), latest: now.Add(max(lasts, mixedMost))}
		var clients sync.WaitGroup
		for i := range 12 {
			clients.Go(func() { load.client(rand.New(rand.NewPCG(seed, uint64(i)))) })
		}
		for !load.over() {
			s.text = strings.NewReplacer("8 4k", "4 8k", "4 8k", "8 4k").Replace(s.text)
			s.reload(pid)
			time.Sleep(100 * time.Millisecond)
		}
		clients.Wait()
		s.quit(pid)
		t.Logf("seed %d: %d responses, %d cut short by their peers, %d without a response", seed, load.whole.Load(), load.cut.Load(), load.failed.Load())
		for _, wrong := range append(load.wrong, peers.wrong...) {
			t.Error(wrong)
		}
		if load.whole.Load() < mixedLeast || load.cut.Load()+load.failed.Load() > load.whole.Load()/4 {
			t.Error("too few whole responses")
		}
		if log := s.read("logs/error.log"); strings.Contains(log, "[alert]") || strings.Contains(log, "DATA RACE") {
			t.Error("alerts in the error log")
		}
	}
}

// mixedLoad are the clients.
type mixedLoad struct {
	addr string
	// The clients end at end if they have had mixedLeast whole responses by then, else when they have, at latest.
	end, latest        time.Time
	whole, cut, failed atomic.Int64

	mu    sync.Mutex
	wrong []string
}

func (l *mixedLoad) over() bool {
	now := time.Now()
	return now.After(l.latest) || now.After(l.end) && l.whole.Load() >= mixedLeast
}

func (l *mixedLoad) complain(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.wrong) < 10 {
		l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
	}
}

// client asks on few connections, one request after the other.
func (l *mixedLoad) client(random *rand.Rand) {
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 1}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport, Timeout: patience}
	prefixes := []string{"plain", "through", "cached", "cached", "sliced", "sliced", "page", "pagecached", "pagecached"}
	for n := 0; !l.over(); n++ {
		prefix := prefixes[random.IntN(len(prefixes))]
		uri := fmt.Sprintf("/%s/%d", prefix, random.IntN(12))
		if prefix == "plain" || prefix == "through" || prefix == "page" {
			uri = fmt.Sprintf("/%s/%d-%d", prefix, random.Uint64(), n)
		}
		q, err := http.NewRequest(http.MethodGet, "http://"+l.addr+uri, nil)
		if err != nil {
			l.complain("%v", err)
			return
		}
		q.Header.Set("Variant", string(rune('a'+random.IntN(3))))
		switch what := random.IntN(20); {
		case what < 2:
			q.Method = http.MethodHead
		case what < 5:
			q.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", random.IntN(20000), 20000+random.IntN(40000)))
		case what < 8 && !strings.HasSuffix(prefix, "cached") && prefix != "sliced":
			q.Method = http.MethodPost
			body := mixedBody(uri, 1, 0, random.IntN(100000))
			q.Body, q.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			q.Header.Set("Sum", mixedID(string(body)))
		case what == 8 && prefix == "cached":
			q.Method = "PURGE"
		}
		l.ask(c, q, uri, random)
	}
}

// ask sends a request and compares what comes.
func (l *mixedLoad) ask(c *http.Client, q *http.Request, uri string, random *rand.Rand) {
	r, err := c.Do(q)
	if err != nil {
		l.failed.Add(1)
		return
	}
	defer r.Body.Close()
	if r.StatusCode >= 400 || q.Method == "PURGE" {
		_, _ = io.Copy(io.Discard, r.Body)
		return
	}
	id, version, whole := mixedID(uri+q.Header.Get("Variant")), 0, 0
	if r.Header.Get("Vary") == "" {
		id = mixedID(uri)
	}
	if _, err := fmt.Sscan(r.Header.Get("Version"), &version); err != nil || r.Header.Get("Id") != id {
		l.complain("%s %s: id %q, want %q; %v", q.Method, uri, r.Header.Get("Id"), id, r.Header)
		return
	}
	whole = mixedSize(id, version)
	if q.Method == http.MethodHead {
		return
	}
	from, to := 0, whole
	if r.StatusCode == http.StatusPartialContent {
		if _, err := fmt.Sscanf(r.Header.Get("Content-Range"), "bytes %d-%d/", &from, &to); err != nil {
			l.complain("%s: %v", uri, r.Header)
			return
		}
		to++
	}
	if random.IntN(15) == 0 { // the client leaves
		_, _ = io.CopyN(io.Discard, r.Body, int64(random.IntN(20000)))
		return
	}
	got, err := io.ReadAll(r.Body)
	if len(got) > to-from || !bytes.Equal(got, mixedBody(id, version, from, len(got))) || err == nil && len(got) != to-from {
		l.complain("%s %s %s: %d bytes of %d to %d, %v, are not those of %s, version %d; %v",
			q.Method, uri, q.Header.Get("Range"), len(got), from, to, err, id, version, r.Header)
		return
	}
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		l.failed.Add(1)
	} else if err != nil {
		l.cut.Add(1)
	} else {
		l.whole.Add(1)
	}
}
