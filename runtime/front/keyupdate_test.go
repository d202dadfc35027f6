package front_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/sluiceproxy/sluice/runtime/front"
)

// updater sends key updates (RFC 8446, 4.6.3), which crypto/tls answers and does not offer to send.
type updater struct {
	c      net.Conn
	suite  uint16
	secret []byte
	seq    uint64
}

// newUpdater makes a handshake on c. crypto/tls agrees with itself on AES-128 where the processor has it, else on ChaCha20:
// both have secrets of SHA-256.
func newUpdater(t *testing.T, c net.Conn) *updater {
	t.Helper()
	var log bytes.Buffer
	secure := tls.Client(c, &tls.Config{InsecureSkipVerify: true, KeyLogWriter: &log, MinVersion: tls.VersionTLS13}) //nolint:gosec // the certificate is the test's
	if err := secure.Handshake(); err != nil {
		t.Fatal(err)
	}
	suite := secure.ConnectionState().CipherSuite
	if suite != tls.TLS_AES_128_GCM_SHA256 && suite != tls.TLS_CHACHA20_POLY1305_SHA256 {
		t.Fatal("unexpected cipher suite ", tls.CipherSuiteName(suite))
	}
	for line := range strings.Lines(log.String()) {
		if f := strings.Fields(line); f[0] == "CLIENT_TRAFFIC_SECRET_0" {
			secret, err := hex.DecodeString(f[2])
			if err != nil {
				t.Fatal(err)
			}
			return &updater{c: c, suite: suite, secret: secret}
		}
	}
	t.Fatal("no secret was logged")
	return nil
}

func expand(secret []byte, label string, n int) []byte {
	label = "tls13 " + label
	info := append([]byte{0, byte(n), byte(len(label))}, label...)
	out, _ := hkdf.Expand(sha256.New, secret, string(append(info, 0)), n) // n is small
	return out
}

// aead is the cipher under the current secret. The lengths of the keys are those of the suites.
func (u *updater) aead() cipher.AEAD {
	if u.suite == tls.TLS_CHACHA20_POLY1305_SHA256 {
		aead, _ := chacha20poly1305.New(expand(u.secret, "key", chacha20poly1305.KeySize))
		return aead
	}
	block, _ := aes.NewCipher(expand(u.secret, "key", 16))
	aead, _ := cipher.NewGCM(block)
	return aead
}

// record sends a record of the type, encrypted.
func (u *updater) record(content []byte, kind byte) error {
	aead := u.aead()
	nonce := expand(u.secret, "iv", 12)
	binary.BigEndian.PutUint64(nonce[4:], binary.BigEndian.Uint64(nonce[4:])^u.seq)
	u.seq++
	plain := append(bytes.Clone(content), kind)
	head := []byte{23, 3, 3, 0, byte(len(plain) + 16)}
	_, err := u.c.Write(aead.Seal(head, nonce, plain, head))
	return err
}

// update asks for a key update, which is answered by a record, and sends a byte of data, without which crypto/tls takes
// only a few.
func (u *updater) update() error {
	if err := u.record([]byte{24, 0, 0, 1, 1}, 22); err != nil {
		return err
	}
	u.secret, u.seq = expand(u.secret, "traffic upd", 32), 0
	return u.record([]byte{'.'}, 23)
}

// beside is a protocol whose goroutine writes when it is told to, while another one reads.
type beside struct {
	blocked atomic.Int64
	write   chan bool
}

func (b *beside) serve(c *front.Conn) {
	defer c.Close()
	if c.ShareReads(func() {}) != nil {
		return
	}
	c.OnBlocked(func() { b.blocked.Add(1) })
	c.ReadWithin(0, 0)
	ended := make(chan bool)
	go func() {
		defer close(ended)
		p := make([]byte, 1<<10)
		for {
			if _, err := c.Stream().Read(p); err != nil {
				return
			}
		}
	}()
	if <-b.write {
		c.Transport().SetWriteTimeout(5 * time.Second) // as a request does, beside the write of the read
		_, _ = c.Stream().Write(make([]byte, 1<<20))   // the client reads nothing and leaves
	}
	<-ended
}

// TestKeyUpdateBlocks: a client that asks for key updates and reads nothing fills the socket with the answers. The goroutine
// that reads has to wait then; what is to be called when a write blocks belongs to the other one, and waits for its write.
func TestKeyUpdateBlocks(t *testing.T) {
	b := &beside{write: make(chan bool)}
	in, address, _ := toyWith(t, b.serve, front.Opening{TLS: front.HandshakeConfig(nil)}, 0)
	t.Cleanup(in.Quit)
	c := dial(t, address)
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, 4096) })
	}
	if err != nil {
		t.Fatal(err)
	}
	u := newUpdater(t, c)
	for err = nil; err == nil; err = u.update() {
		_ = c.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
	}
	if n := b.blocked.Load(); n != 0 {
		t.Errorf("called %d times by the goroutine that reads", n)
	}
	b.write <- true
	for limit := time.Now().Add(30 * time.Second); b.blocked.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("not called in a write")
		}
	}
	_ = c.Close()
}
