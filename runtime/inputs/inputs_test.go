package inputs

import (
	"bytes"
	"encoding/gob"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// travel sends a record as a master sends it to its worker.
func travel(t *testing.T, r *Record) *Record {
	t.Helper()
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(r); err != nil {
		t.Fatal(err)
	}
	out := &Record{}
	if err := gob.NewDecoder(&b).Decode(out); err != nil {
		t.Fatal(err)
	}
	return out
}

// hosts are Inputs that know one host.
type hosts struct{ System }

func (hosts) LookupHost(host string) ([]netip.Addr, error) {
	if host != "known" {
		return nil, errors.New("no such host")
	}
	return []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}, nil
}

// TestReplay: a record says what the machine said, when the files are long gone.
func TestReplay(t *testing.T) {
	dir := t.TempDir()
	conf, key, empty := filepath.Join(dir, "a.conf"), filepath.Join(dir, "key"), filepath.Join(dir, "empty")
	for name, text := range map[string]string{conf: "events {}\n", key: "secret", empty: ""} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := NewRecorder(hosts{})
	ask := func(in interface {
		ReadConf(string) ([]byte, error)
		Glob(string) []string
		ReadFile(string) ([]byte, error)
		LookupHost(string) ([]netip.Addr, error)
	},
	) {
		t.Helper()
		if data, err := in.ReadConf(conf); err != nil || string(data) != "events {}\n" {
			t.Errorf("configuration: %q, %v", data, err)
		}
		if got := in.Glob(dir + "/*.conf"); !slices.Equal(got, []string{conf}) {
			t.Errorf("glob: %q", got)
		}
		for name, want := range map[string]string{key: "secret", empty: ""} {
			if data, err := in.ReadFile(name); err != nil || string(data) != want {
				t.Errorf("%s: %q, %v", name, data, err)
			}
		}
		for name, want := range map[string]error{dir + "/none": syscall.ENOENT, dir: syscall.EISDIR} {
			_, err := in.ReadFile(name)
			var failed *fs.PathError
			if !errors.As(err, &failed) || !errors.Is(err, want) || failed.Path != name {
				t.Errorf("%s: %v", name, err)
			}
		}
		if addrs, err := in.LookupHost("known"); err != nil || len(addrs) != 2 || addrs[1].String() != "2001:db8::1" {
			t.Errorf("host: %v, %v", addrs, err)
		}
		if addrs, err := in.LookupHost("unknown"); err == nil {
			t.Errorf("unknown host: %v", addrs)
		}
	}
	ask(r)
	record := travel(t, r.Record())
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	ask(record)
	if _, err := record.ReadConf(dir + "/b.conf"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was never read: %v", err)
	}
	if _, err := record.ReadFile(conf); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that was read as configuration only: %v", err)
	}
}

// TestState: what the server writes by itself is read as it is now, unless it cannot be.
func TestState(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state")
	r := NewRecorder(System{})
	write := func(text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("old")
	if data, err := r.ReadState(name); err != nil || string(data) != "old" {
		t.Fatalf("%q, %v", data, err)
	}
	record := travel(t, r.Record())
	write("new")
	if data, err := record.ReadState(name); err != nil || string(data) != "new" {
		t.Errorf("%q, %v", data, err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if _, err := record.ReadState(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is gone: %v", err)
	}
}

// TestRecorderReadsOnce: a file that changes during a load has one content for the whole of it.
func TestRecorderReadsOnce(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	r := NewRecorder(System{})
	for _, text := range []string{"one", "two"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if data, err := r.ReadFile(name); err != nil || string(data) != "one" {
			t.Errorf("%q, %v", data, err)
		}
	}
}

func TestShortIPv4(t *testing.T) {
	for text, want := range map[string]string{
		"127.1": "127.0.0.1", "1.5": "1.0.0.5", "10.1.515": "10.1.2.3", "2130706433": "127.0.0.1", "0x7f.1": "127.0.0.1",
		"0177.0.0.01": "127.0.0.1", "1.2.3.4": "1.2.3.4", "0": "0.0.0.0", "4294967295": "255.255.255.255",
		"": "", "a": "", "1.": "", ".1": "", "1..2": "", "256.1": "", "1.16777216": "", "1.2.65536": "", "1.2.3.256": "",
		"1.2.3.4.5": "", "4294967296": "", "08": "", "0x": "", "1x": "", "-1": "", "+1": "", "1_0": "",
	} {
		got, ok := shortIPv4(text)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%q: %v %v, want %q", text, got, ok, want)
		}
	}
	if ips, err := (System{}).LookupHost("127.1"); err != nil || len(ips) != 1 || ips[0].String() != "127.0.0.1" {
		t.Errorf("127.1: %v %v", ips, err)
	}
}
