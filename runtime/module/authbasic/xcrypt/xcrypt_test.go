package xcrypt

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"testing"
)

// TestVectors compares with what libcrypt answers, see testdata/vectors.py.
func TestVectors(t *testing.T) {
	f, err := os.Open("testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, hashes := 0, 0
	for in := bufio.NewScanner(f); in.Scan(); lines++ {
		fields := bytes.Fields(in.Bytes())
		password, setting, want := fromHex(t, fields[0]), fromHex(t, fields[1]), fromHex(t, fields[2])
		got, err := Hash(password, setting)
		if want[0] == '*' { // its word for an error
			if !errors.Is(err, ErrRefused) {
				t.Errorf("%q, %q: %q, %v; libcrypt refuses it", password, setting, got, err)
			}
			continue
		}
		if hashes++; err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q, %q: %q, %v; libcrypt says %q", password, setting, got, err, want)
		}
	}
	if lines < 800 || hashes < 450 {
		t.Errorf("%d lines, %d of them hashes", lines, hashes)
	}
}

func fromHex(t *testing.T, text []byte) []byte {
	if string(text) == "-" {
		return nil
	}
	b, err := hex.AppendDecode(nil, text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBounds: what costs too much is refused before anything is computed or allocated.
func TestBounds(t *testing.T) {
	for _, c := range []struct {
		setting string
		want    error
		memory  int
	}{
		{"$y$j9T$salt", nil, 16 << 20},
		{"$y$jFT$salt", nil, 1 << 30}, // not hashed below
		{"$y$jGT$salt", ErrUnsupported, 0},
		{"$y$jxT$salt", ErrRefused, 0},
		{"$y$j9zzzzzz$salt", ErrUnsupported, 0},
		{"$y$/9T$salt", ErrUnsupported, 0},   // write once, read many
		{"$y$j9T/0$salt", ErrUnsupported, 0}, // in parallel
		{"$gy$jGT$salt", ErrUnsupported, 0},  //
		{"$7$xzzzz/....salt", ErrUnsupported, 0},
		{"$7$xzzzzzzzzzsalt", ErrUnsupported, 0},
		{"$7$6/....zzzzzsalt", ErrUnsupported, 0},
		{"$7$//......../salt", ErrUnsupported, 0}, // 2^24 lanes of a small table: two gigabytes
		{"$7$6/..../....salt", nil, 128 << 8},
		{"$7$6/....0....salt", nil, 128<<8 + 128}, // two lanes
		{"$sha1$99999999999$salt", ErrRefused, 0},
		{"$6$rounds=1000000000$salt", ErrRefused, 0},
	} {
		if c.memory > 0 {
			if got := Memory([]byte(c.setting)); got != c.memory {
				t.Errorf("%s takes %d bytes, not %d", c.setting, got, c.memory)
			}
			continue
		}
		if _, err := Hash([]byte("x"), []byte(c.setting)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.setting, err)
		}
	}
}

// TestPasswordEnds: as in C, a password ends at a zero byte.
func TestPasswordEnds(t *testing.T) {
	whole, err := Hash([]byte("pass"), []byte("$1$salt$"))
	if err != nil {
		t.Fatal(err)
	}
	if cut, err := Hash([]byte("pass\x00word"), []byte("$1$salt$")); err != nil || !bytes.Equal(whole, cut) {
		t.Errorf("%q, %v", cut, err)
	}
}

// FuzzHash: no setting upsets a method, and the hash of a hash is the hash.
func FuzzHash(f *testing.F) {
	for _, s := range []string{"$1$salt$", "$5$rounds=1000$salt", "$y$j75$abcd", "$gy$j75$abcd", "$7$6..../..../....", "_/...salt", "$md5$x", "$sha1$1$x", "ab"} {
		f.Add([]byte(s), []byte("password"))
	}
	f.Fuzz(func(t *testing.T, setting, password []byte) {
		if cheap(setting) {
			out, err := Hash(password, setting)
			if err != nil {
				return
			}
			if again, err := Hash(password, out); err != nil || !bytes.Equal(again, out) {
				t.Errorf("%q becomes %q, then %q, %v", setting, out, again, err)
			}
		}
	})
}

// cheap leaves out what takes as long as it says.
func cheap(setting []byte) bool {
	return memoryOf(setting) < 1<<20 && len(setting) < 200 && !bytes.Contains(setting, []byte("rounds=")) && !hasPrefix(setting, "$2") &&
		!hasPrefix(setting, "$sha1") && !hasPrefix(setting, "_") && !hasPrefix(setting, "$7$")
}

func memoryOf(setting []byte) int {
	if !validSetting(setting) {
		return 0
	}
	return Memory(setting)
}
