package authbasic

import "testing"

const long = "a much longer password than thirty-two bytes, and than sixty-four, too: 0123456789"

// The hashes are those of `openssl passwd` and of crypt(3) of libxcrypt.
func TestVerify(t *testing.T) {
	for _, c := range []struct{ password, stored string }{
		{"password", "{PLAIN}password"},
		{"", "{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
		{"password", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="},
		{"password", "{SSHA}yI6cZwQadOA1e+/f+T+H3eCQQhRzYWx0"},
		{"Hello world!", "$1$saltsalt$le8lFSqqnPaRFOlmAZpvH1"},
		{"", "$1$saltsalt$5Jhcit4zN9UlGiA0txPkO0"},
		{long, "$1$saltsalt$M6kEkjkcBl7Iqoj3PMwuW1"},
		{"1", "$1$$IqH.8BV8l9Uhl3qbv9FMq/"},
		{"Hello world!", "$apr1$salt$S0ca6Nq4IRBK3LhQ1AAvN1"},
		{"", "$apr1$salt$AnXM5PAEa9T4ruYbwPoUh/"},
		{long, "$apr1$salt$6WrDL3e8Swn6zw3yt2B.M0"},
		{"Hello world!", "$5$somesalt$EaV2ktrwZhPgrLVUFYPrtLvfl8pYU7yoO1I0cLBBJt8"},
		{long, "$5$somesalt$VuXiRCDzX9RIwJkz54QJvySHQBeCz2YqsbTb4S0c0/8"},
		{"x", "$5$$0Uor7kq6CTPY0DtjOiw.I2DuJSUfiZxCqkrafMVjNc8"},
		{"password", "$5$rounds=1400$anotherlongsalts$87EGYaZ5e.A4qxHNIAtpTOXMHgQkTK7HhX2JU8P.n.A"},
		{"Hello world!", "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA"},
		{"Hello world!", "$6$somesalt$lPI9j7pvjl809ESUolI.vEuAgQ14zSTT8P8.uCEZeiReXj4P1pTFwZwfGmMOgNty5x0RsUZDUASXCrpoGM2ob1"},
		{long, "$6$somesalt$1U4wqd6gSKLYNJ1ynAgj38vY2e3i/w9C/LIR3GDiMCIhgNplx6Tau2WI5V8XjysPTIdPUkrGB9y6hIpfva0ZY0"},
		{"password", "$2y$05$abcdefghijklmnopqrstuuWG29KuyeAicPCJODk1zjyGvyQUU2awu"},
		{"password", "sa3tHJ3/KuYvI"},
		{"", "abmF1QH4PEr.E"},
		{"12345678901", "./qw5JW./79Vg"},
		{"12345678", "./qw5JW./79Vg"}, // no more than eight count
		{"Hello world!", "zZq.NeTMwMr6A"},
		{"\xe4\xf6\xfc", "Q9ejUKGB/HleY"},
	} {
		if ok, err := new(limiter).verify([]byte(c.stored), []byte(c.password)); !ok || err != nil {
			t.Errorf("%q does not match %s: %v", c.password, c.stored, err)
		}
		if ok, err := new(limiter).verify([]byte(c.stored), []byte("x"+c.password)); ok || err != nil {
			t.Errorf("a wrong password matches %s: %v", c.stored, err)
		}
	}
}

func TestVerifyBroken(t *testing.T) {
	for _, stored := range []string{
		"", "x", "xy", "::", "{PLAIN}", "{SHA}", "{SHA}Zm9vCg==", "{SHA}_____Mm5Pz8GgiULbPgzG37mj9g=", "{SSHA}",
		"{SSHA}Zm9vCg==", "{SSHA}_____wQadOA1e+/f+T+H3eCQQhRzYWx0", "$1$", "$apr1$", "$5$", "$6$", "$5$rounds=", "$5$rounds=x$y",
		"$6$rounds=10$salt$", "$1$salt$$", "$5$rounds=99999999999$x", "$", "$9$x", "$2y$", "$2y$99$abc",
		"$y$x", "$7$x", "$sha1$1$x$y", "$md5$x", "$3$", "_", "*0", "*1",
	} {
		if ok, err := new(limiter).verify([]byte(stored), []byte("1")); ok || err != nil {
			t.Errorf("%q: %v, %v", stored, ok, err)
		}
	}
	for _, stored := range []string{"$y$/9T$abcd$y", "$y$jGT$abcd$y", "$gy$j9T/0$abcd$y"} {
		if ok, err := new(limiter).verify([]byte(stored), []byte("1")); ok || err == nil {
			t.Errorf("%q: %v, %v", stored, ok, err)
		}
	}
}

func TestLines(t *testing.T) {
	const file = "# user:comment\n\nuse:short\nusers:long\nuser:right:comment\nuser:second\r\ncr:one\r\n\rcr2:x\nempty:\nlast:end"
	for _, c := range []struct {
		user, password string
		found          bool
	}{
		{"user", "right", true},
		{"use", "short", true},
		{"users", "long", true},
		{"cr", "one", true},
		{"cr2", "", false},
		{"empty", "", true},
		{"last", "end", true},
		{"# user", "", false},
		{"nobody", "", false},
		{"second", "", false},
	} {
		for size := 1; size <= len(file); size++ {
			l := lines{user: []byte(c.user)}
			for at := 0; at < len(file) && !l.scan([]byte(file[at:min(at+size, len(file))])); at += size {
			}
			if l.found != c.found || string(l.password) != c.password {
				t.Fatalf("%q in pieces of %d: %q, %v", c.user, size, l.password, l.found)
			}
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("user:pass\nother:x"), 3)
	f.Add([]byte("#\r\nuser:"), 1)
	f.Fuzz(func(t *testing.T, file []byte, size int) {
		size = min(max(size, 1), 100)
		whole, parts := lines{user: []byte("user")}, lines{user: []byte("user")}
		whole.scan(file)
		for at := 0; at < len(file) && !parts.scan(file[at:min(at+size, len(file))]); at += size {
		}
		if whole.found != parts.found || string(whole.password) != string(parts.password) {
			t.Fatalf("%q, %v as a whole; %q, %v in parts", whole.password, whole.found, parts.password, parts.found)
		}
	})
}

func FuzzVerify(f *testing.F) {
	for _, s := range []string{"$1$salt$", "$5$rounds=1000$x$", "{SSHA}yI6cZwQadOA1e+/f+T+H3eCQQhRzYWx0", "sa3tHJ3/KuYvI", "$apr1$"} {
		f.Add([]byte(s), []byte("password"))
	}
	f.Fuzz(func(_ *testing.T, stored, password []byte) {
		if hasPrefix(stored, "$5$rounds=") || hasPrefix(stored, "$6$rounds=") || hasPrefix(stored, "$2") ||
			hasPrefix(stored, "$7$") || hasPrefix(stored, "$y$") || hasPrefix(stored, "$gy$") || hasPrefix(stored, "$md5") || hasPrefix(stored, "_") || hasPrefix(stored, "$sha1") {
			return // as slow as they say
		}
		_, _ = new(limiter).verify(stored, password[:min(len(password), 200)])
	})
}
