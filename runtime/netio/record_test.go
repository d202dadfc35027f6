package netio

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/sluiceproxy/sluice/internal/testcert"
	"github.com/sluiceproxy/sluice/runtime/buf"
)

var _ net.Conn = (*RecordConn)(nil)

func record(payload int) []byte {
	b := append([]byte{23, 3, 3, byte(payload >> 8), byte(payload)}, bytes.Repeat([]byte{'p'}, payload)...)
	return b
}

func TestRecordBoundaries(t *testing.T) {
	for _, tc := range []struct {
		name  string
		write [][]byte // one write to the socket each
		pool  int
		read  int   // size of each Read's buffer
		want  []int // lengths that the Reads return
		rest  int   // Buffered at the end
		idle  bool
	}{
		{"two records at once", [][]byte{append(record(10), record(3)...)}, 100, 1000, []int{5, 10, 5, 3}, 0, true},
		{"first of two", [][]byte{append(record(10), record(3)...)}, 100, 1000, []int{5, 10}, 8, false},
		{"header alone", [][]byte{record(10)[:5]}, 100, 1000, []int{5}, 0, false},
		{"cut header", [][]byte{record(10)[:2], record(10)[2:]}, 100, 1000, []int{2, 3, 10}, 0, true},
		{"small reads", [][]byte{record(5)}, 100, 2, []int{2, 2, 1, 2, 2, 1}, 0, true},
		{"small buffer", [][]byte{record(10)}, 4, 1000, []int{4, 1, 3, 4, 3}, 0, true},
		{"empty record", [][]byte{append(record(0), record(1)...)}, 100, 1000, []int{5, 5, 1}, 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, server := pair(t)
			var r RecordConn
			r.Reset(server, buf.NewPool(tc.pool))
			defer r.drop()
			b := make([]byte, tc.read)
			for i, n := range tc.want {
				if i < len(tc.write) {
					send(t, client, string(tc.write[i]))
				}
				got, err := r.Read(b)
				if err != nil || got != n {
					t.Fatalf("read %d: %d, %v; want %d", i, got, err, n)
				}
			}
			if r.Buffered() != tc.rest || r.Idle() != tc.idle {
				t.Errorf("%d buffered, idle %v", r.Buffered(), r.Idle())
			}
			if (r.in == nil) != (tc.rest == 0) {
				t.Error("the buffer was kept without need")
			}
		})
	}
}

func TestRecordConnUnderTLS(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			client, server := pair(t)
			var r RecordConn
			r.Reset(server, nil)
			cfg := &tls.Config{Certificates: []tls.Certificate{testcert.New(t, "localhost")}, MaxVersion: version}
			s := tls.Server(&r, cfg)
			c := tls.Client(client, &tls.Config{InsecureSkipVerify: true})
			big := bytes.Repeat([]byte("0123456789abcdef"), 8<<10)
			done := make(chan struct{})
			go func() {
				defer close(done)
				for range 3 {
					if _, err := c.Write([]byte("request")); err != nil {
						t.Error(err)
					}
					got := make([]byte, len(big))
					if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, big) {
						t.Errorf("the answer came through wrong: %v", err)
					}
				}
			}()
			b := make([]byte, 16<<10)
			for range 3 {
				n, err := s.Read(b)
				if err != nil || string(b[:n]) != "request" {
					t.Fatalf("%q, %v", b[:n], err)
				}
				if !r.Idle() {
					t.Errorf("%d bytes are left behind the request", r.Buffered())
				}
				r.Hold()
				if _, err := s.Write(big); err != nil {
					t.Fatal(err)
				}
				if err := r.Flush(); err != nil {
					t.Fatal(err)
				}
			}
			within(t, done, "the client is still waiting")
		})
	}
}

func TestHoldGathersRecords(t *testing.T) {
	client, server := pair(t)
	var r RecordConn
	r.Reset(server, nil)
	r.Hold()
	for _, s := range []string{"one", "two"} {
		if n, err := r.Write([]byte(s)); n != 3 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
	}
	if _, err := client.TryRead(make([]byte, 1)); err != ErrAgain {
		t.Fatalf("something left before Flush: %v", err)
	}
	if err := r.Flush(); err != nil {
		t.Fatal(err)
	}
	recv(t, client, "onetwo")
	if _, err := r.Write([]byte("three")); err != nil {
		t.Fatal(err)
	}
	recv(t, client, "three")
}

// Whatever the stream says and however it is read, Idle is true exactly where a
// record ends.
func FuzzRecordStructure(f *testing.F) {
	f.Add(record(3), 2)
	f.Add(append(record(0), record(300)...), 7)
	f.Add([]byte{1, 2, 3}, 1)
	f.Fuzz(func(t *testing.T, stream []byte, step int) {
		if step < 1 {
			step = 1
		}
		ends := map[int]bool{0: true}
		for at := 0; at+recordHeader <= len(stream); {
			at += recordHeader + int(stream[at+3])<<8 + int(stream[at+4])
			ends[at] = true
		}
		var r RecordConn
		for at := 0; at < len(stream); {
			limit := r.payload
			if limit == 0 {
				limit = recordHeader - r.got
			}
			n := min(step, limit, len(stream)-at)
			r.follow(stream[at : at+n])
			if at += n; r.Idle() != ends[at] {
				t.Fatalf("at %d: idle %v, want %v", at, r.Idle(), ends[at])
			}
		}
	})
}
