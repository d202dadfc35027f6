package h2peer_test

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
)

// Whatever a peer sends, the client gets a response or a part of one, and the server goes on.
func FuzzPeer(f *testing.F) {
	head := frames(func(w *http2.Framer) { headers(w, 1, false, ":status: 200", "content-length: 5") })
	f.Add(frames(func(w *http2.Framer) {
		_ = w.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 100})
		_ = w.WritePing(false, [8]byte{1})
		headers(w, 1, false, ":status: 103", "a: b")
		headers(w, 1, false, ":status: 200", "a: b")
		_ = w.WriteDataPadded(1, false, []byte("hello"), make([]byte, 3))
		headers(w, 1, true, "x-trailer: value")
	}), true)
	for _, list := range [][]struct {
		name  string
		bytes []byte
		want  string
	}{trouble, headTrouble, bodyTrouble} {
		for _, tc := range list {
			f.Add(tc.bytes, true)
			f.Add(slices.Concat(head, tc.bytes), false)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, buffering bool) {
		addr := peer(t, func(_ int, c *conn) {
			if c.request() > 0 {
				_, _ = c.net.Write(in)
				_ = c.net.Close()
			}
		})
		s := serve(t, "server "+addr+";", func(s *pass.Settings) { s.Buffering, s.BufferSize = buffering, 1024 })
		c := s.Dial()
		defer func() { _ = c.Close() }()
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.WriteString(c, get); err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(c)
		if err != nil || len(all) > 0 && !strings.HasPrefix(string(all), "HTTP/1.1 ") {
			t.Errorf("%q, %v", all, err)
		}
		if log := s.Log(); strings.Contains(log, "panic") || strings.Contains(log, "[alert]") {
			t.Error(log)
		}
	})
}
