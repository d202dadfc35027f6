package acme

import (
	"slices"
	"strings"
	"testing"
)

// TestIdentify: the names of files are those that nginx's module gives them. The hashes are of its
// library.
func TestIdentify(t *testing.T) {
	for _, c := range []struct {
		names []string
		key   Key
		want  string
	}{
		{[]string{"example.test"}, Key{Bits: 256}, "example.test-65b872a71da031a2"},
		{[]string{".Example.test", "192.0.2.1"}, Key{RSA: true, Bits: 2048}, "www.example.test-c12d69b5fdabf767"},
		{[]string{"2001:DB8:0::1"}, Key{Bits: 384}, "2001:db8::1-fe3937329b103f18"},
	} {
		o := &Order{Key: c.key}
		for _, n := range c.names {
			if err := o.AddName(n); err != nil {
				t.Fatal(err)
			}
		}
		if o.Identify(); o.ID != c.want {
			t.Errorf("%q: %s, want %s", c.names, o.ID, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	for text, want := range map[string]string{
		"example": "", "_example": "", "Example.": "does not end with a label", "": "does not end with a label",
		"E\x10ample": "invalid character 10 at position 1", "www.example..test": "unexpected character '.' at position 12",
		"*": "does not end with a label", "*.example.test": "", "*ww.example.test": "unexpected character 'w' at position 1",
		"ww*.test": "unexpected character '*' at position 2", "a/b": "unexpected character '/' at position 1",
		"\xd0\xbf": "invalid character d0 at position 0", "fe80::1%eth0": "unexpected character ':' at position 4",
	} {
		o := &Order{}
		err := o.AddName(text)
		if want != "" {
			want = "invalid server name: " + want
		}
		if got := errorText(err); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestServerName(t *testing.T) {
	for want, n := range map[string]Name{
		"a.test": {Value: "a.test"}, "1.2.0.192.in-addr.arpa": {"192.0.2.1", true},
		"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": {"2001:db8::1", true},
	} {
		if got := n.ServerName(); got != want {
			t.Errorf("%v: %s, want %s", n, got, want)
		}
	}
}

func TestParseKey(t *testing.T) {
	for text, want := range map[string]string{
		"ecdsa": "ecdsa:256", "ecdsa:384": "ecdsa:384", "ecdsa:521": "ecdsa:521", "rsa": "rsa:2048", "rsa:4096": "rsa:4096",
		"ecdsa:234": "unsupported curve", "ecdsa:": "unsupported curve", "ecdsa:+256": "unsupported curve",
		"rsa:1024": "unsupported key size", "rsa:": "unsupported key size", "a.key": "a.key", "dsa:1": "dsa:1",
	} {
		k, err := ParseKey(text)
		got := k.String()
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, k := range []Key{{Bits: 256}, {Bits: 384}, {Bits: 521}, {RSA: true, Bits: 2048}} {
		if key, err := k.Generate(); err != nil || key == nil {
			t.Errorf("%v: %v", k, err)
		}
	}
	if _, err := (Key{File: "x"}).Generate(); err == nil {
		t.Error("a key of a file was made")
	}
}

// TestSip has values of the reference implementation.
func TestSip(t *testing.T) {
	if got := sip(nil); got != 0x1e924b9d737700d7 {
		t.Errorf("%x", got)
	}
	var all []uint64
	for i := range 64 {
		all = append(all, sip(make([]byte, i)))
	}
	slices.Sort(all)
	if len(slices.Compact(all)) != 64 {
		t.Error("the length is not hashed")
	}
}

// FuzzName: a name that is accepted can be one of a file, of a certificate and of a handshake.
func FuzzName(f *testing.F) {
	for _, seed := range []string{"a.test", ".a.test", "*.a.test", "192.0.2.1", "2001:db8::1", "a/b", "..", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o := &Order{Key: DefaultKey()}
		if o.AddName(text) != nil {
			return
		}
		o.Identify()
		if strings.ContainsAny(o.ID, "/\x00") || o.ID[0] == '.' || len(o.Names) == 0 || o.Names[0].ServerName() == "" {
			t.Errorf("%q: %q", text, o.ID)
		}
	})
}
